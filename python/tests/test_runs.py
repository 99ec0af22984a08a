import csv
import json
import pickle
import re
import subprocess
from pathlib import Path

import numpy as np
import pytest

import wheatstone as ws


def short(name: str) -> dict:
    config = ws.preset(name)
    config["epochs"] = min(config["epochs"], 2)
    return config


def test_every_preset_but_those_without_data_trains_to_the_bits_of_the_command_line(wheatstone, tmp_path):
    for name in ws.presets():
        if name == "mnist":
            continue
        config = short(name)
        said = wheatstone("train", name, "--epochs", str(config["epochs"]), "--out", str(tmp_path / name))
        assert ws.train(config).digest == said["digest"], name


def test_a_run_of_either_opens_in_the_other(wheatstone, tmp_path):
    ours = ws.train(short("iris"), out=tmp_path / "ours")
    said = wheatstone("inspect", str(tmp_path / "ours"))
    assert said["state_digest"] == ours.digest and said["samples_trained"] == 240
    going_on = wheatstone("resume", str(tmp_path / "ours"), "--epochs", "3")
    longer = short("iris") | {"epochs": 3}
    assert going_on["digest"] == ws.train(longer).digest
    wheatstone("train", "iris", "--epochs", "2", "--out", str(tmp_path / "theirs"))
    theirs = ws.open_run(tmp_path / "theirs")
    assert theirs.digest == ours.digest and len(theirs.metrics) == 3
    np.testing.assert_array_equal(theirs.conductances, ours.conductances)
    X = ws.load_data("iris").X
    assert (theirs.predict(X) == ours.predict(X)).all()


def test_snapshots_and_arrays_are_read_by_numpy(wheatstone, tmp_path):
    ours = ws.train(short("iris"), out=tmp_path / "ours", snapshots=60)
    wheatstone("train", "iris", "--epochs", "2", "--snapshots", "60", "--out", str(tmp_path / "theirs"))
    ours_kept, theirs = ours.snapshots, ws.open_run(tmp_path / "theirs").snapshots
    assert ours_kept.tobytes() == theirs.tobytes()
    assert theirs["samples"].tolist() == [0, 60, 120, 180, 240] and theirs["conductances"].shape == (5, 208)
    for field in ["conductances", "free", "clamped", "power"]:
        np.testing.assert_array_equal(theirs[field][-1], getattr(ours, field))
    wheatstone("inspect", str(tmp_path / "ours"), "--npz", str(tmp_path / "state.npz"))
    arrays = np.load(tmp_path / "state.npz")
    np.testing.assert_array_equal(arrays["edge_conductance"], ours.conductances)
    np.testing.assert_array_equal(arrays["node_free"], ours.free)
    np.testing.assert_array_equal(np.stack([arrays["edge_from"], arrays["edge_to"]], 1), ours.network.ends)
    assert arrays["node_name"].tolist() == [str(label) for label in ours.network.labels]
    with pytest.raises(ValueError, match="name one with out"):
        ws.train(short("iris"), snapshots=60)


def test_answers_are_those_of_the_command_line(wheatstone, program, tmp_path):
    run = ws.train(short("iris"), out=tmp_path / "run")
    data = ws.load_data("iris")
    with open(tmp_path / "rows.csv", "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(data.features)
        writer.writerows(data.X.tolist())
    command = [program, "-q", "predict", str(tmp_path / "run"), "--data", str(tmp_path / "rows.csv")]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    answered = [line["class"] for line in csv.DictReader(said.splitlines())]
    assert answered == run.predict(data.X).tolist()


def test_data_sets_have_the_shapes_they_say():
    shapes = {name: ws.load_data(name).X.shape for name in ["iris", "wine", "breast-cancer", "digits", "xor"]}
    assert shapes["iris"] == (150, 4) and shapes["digits"] == (1797, 64)
    two = ws.load_data("linear-regression")
    assert two.y.shape == (len(two.X), 2) and two.targets == ["y0", "y1"] or len(two.targets) == 2
    assert "Fisher" in ws.load_data("iris").reference or ws.load_data("iris").reference


def test_a_table_is_read_as_the_command_line_reads_it(tmp_path):
    (tmp_path / "flowers.csv").write_text("length;kind\n" + "".join(f"{i},5;{'ab'[i % 2]}\n" for i in range(20)))
    data = ws.load_data(tmp_path / "flowers.csv")
    assert data.X[3, 0] == 3.5 and data.y.tolist() == list("ab" * 10) and data.features == ["length"]


def test_what_is_wrong_is_told_as_the_command_line_tells_it(tmp_path):
    with pytest.raises(ValueError, match="there is no preset `irsi`; there are iris"):
        ws.preset("irsi")
    with pytest.raises(ValueError, match="unknown field `epoch`|epoch"):
        ws.train(ws.preset("iris") | {"epoch": 3})
    with pytest.raises(ValueError, match="epochs = 0"):
        ws.train(ws.preset("iris") | {"epochs": 0})
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ws.load_data(tmp_path / "nowhere.csv")
    with pytest.raises(FileNotFoundError):
        ws.open_run(tmp_path)
    ws.train(short("xor"), out=tmp_path / "run")
    with pytest.raises(ValueError, match="already holds a run"):
        ws.train(short("xor"), out=tmp_path / "run")
    (tmp_path / "run" / "checkpoint.bin").write_bytes(b"WHEATSTONE")
    with pytest.raises(ValueError, match="checkpoint.bin"):
        ws.open_run(tmp_path / "run")


def test_a_run_is_pickled_with_all_it_knows():
    run = ws.train(short("wine"))
    copy = pickle.loads(pickle.dumps(run))
    assert copy.digest == run.digest and copy.evaluation == run.evaluation
    X = ws.load_data("wine").X
    np.testing.assert_array_equal(copy.scores(X), run.scores(X))
    with pytest.raises(ValueError, match="no trained network"):
        type(run._model).from_bytes(b"", json.dumps({}))


def test_the_examples_of_the_documents_run(tmp_path, monkeypatch):
    """What stands as Python in README files is run as it stands."""
    monkeypatch.chdir(tmp_path)
    root = Path(__file__).parents[2]
    for file in [root / "README.md", root / "python" / "README.md"]:
        blocks = re.findall(r"```python\n(.*?)```", file.read_text(), re.S)
        assert blocks, file
        for block in blocks:
            exec(compile(block, str(file), "exec"), {})
