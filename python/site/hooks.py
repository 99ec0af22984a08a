"""What the site has beside docs/: its first page, the page of the API, and the notebooks as they were executed last."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import nbformat
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
#: Where the tests leave the notebooks that they have executed.
EXECUTED = Path(os.environ.get("WHEATSTONE_NOTEBOOKS", ROOT / "target" / "notebooks"))


def on_files(files: Files, config: MkDocsConfig) -> Files:
    pages = {name: (HERE / name).read_text(encoding="utf-8") for name in ("index.md", "api.md")}
    for notebook in sorted((ROOT / "examples").glob("*.ipynb")):
        executed = EXECUTED / notebook.name
        pages[f"examples/{notebook.stem}.md"] = page(executed if executed.exists() else notebook)
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Names files of the repository that the site has not, instead of linking them. What is nowhere stays a dead link."""

    def named(link: re.Match[str]) -> str:
        target = (ROOT / "docs" / link[2].partition("#")[0]).resolve()
        return link[1] if target.exists() else link[0]

    return re.sub(r"\[([^\]]+)\]\((\.\./[^)]+)\)", named, markdown)


def page(path: Path) -> str:
    """A notebook as Markdown, with what its cells have shown."""
    parts = []
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type != "code":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        parts += [shown(output) for output in cell.outputs]
    return "\n\n".join(part for part in parts if part) + "\n"


def shown(output: Any) -> str:
    """An output by the best of its forms that a page can show."""
    if output.output_type == "stream":
        return f"```text\n{output.text.rstrip()}\n```" if output.name == "stdout" else ""
    data = output.get("data", {})
    if "image/svg+xml" in data:
        return "".join(data["image/svg+xml"]).replace("\n", " ")
    if "image/png" in data:
        return f"![a plot](data:image/png;base64,{data['image/png'].strip()})"
    return f"```text\n{data['text/plain']}\n```" if "text/plain" in data else ""
