"""The notebooks of `examples` run from the first cell to the last."""

import os
from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient")
nbformat = pytest.importorskip("nbformat")

#: Where executed notebooks are left, for the site.
KEPT = os.environ.get("WHEATSTONE_NOTEBOOKS")
EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("notebook", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.stem)
def test_it_runs(notebook, tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    cells = nbformat.read(notebook, as_version=4)
    for package in cells.metadata.get("needs", []):
        pytest.importorskip(package)
    nbclient.NotebookClient(cells, timeout=120, kernel_name="python3", resources={"metadata": {"path": tmp_path}}).execute()
    if KEPT:
        Path(KEPT).mkdir(parents=True, exist_ok=True)
        nbformat.write(cells, Path(KEPT) / notebook.name)
    assert all(cell.get("execution_count") for cell in cells.cells if cell.cell_type == "code")


def test_there_are_some():
    assert len(list(EXAMPLES.glob("*.ipynb"))) >= 4
