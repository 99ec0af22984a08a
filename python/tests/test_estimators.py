import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import wheatstone as ws


@parametrize_with_checks([ws.NetworkClassifier(random_state=1), ws.NetworkRegressor(random_state=1)])
def test_scikit_learn_accepts(estimator, check):
    check(estimator)


def iris(**changes) -> ws.NetworkClassifier:
    return ws.NetworkClassifier(**{"hidden": (16,), "nudge": "current", "beta": 2, "random_state": 1} | changes)


def test_it_learns_flowers():
    data = ws.load_data("iris")
    assert cross_val_score(iris(epochs=30), data.X, data.y, cv=5).mean() > 0.93
    clf = iris(epochs=5).fit(data.X, data.y)
    assert clf.classes_.tolist() == data.targets and len(clf.history_) == 6
    assert clf.decision_function(data.X).shape == (150, 3) and clf.network_.number_of_edges == 208


def test_it_learns_values():
    X, y = load_diabetes(return_X_y=True)
    assert cross_val_score(ws.NetworkRegressor(random_state=1), X, y, cv=5).mean() > 0.35


def test_an_answer_depends_on_no_other_row():
    data = ws.load_data("iris")
    clf = iris(epochs=3).fit(data.X, data.y)
    scores, order = clf.decision_function(data.X), np.random.default_rng(1).permutation(150)
    np.testing.assert_array_equal(clf.decision_function(data.X[order]), scores[order])
    np.testing.assert_array_equal(np.vstack([clf.decision_function(row[None]) for row in data.X]), scores)


def test_seeds_decide_every_bit():
    data = ws.load_data("iris")
    digest = lambda **changes: clone(iris(epochs=2, **changes)).fit(data.X, data.y).digest_
    assert digest() == digest() != digest(random_state=2)
    assert digest(random_state=np.random.RandomState(3)) == digest(random_state=np.random.RandomState(3))
    assert pickle.loads(pickle.dumps(iris(epochs=2).fit(data.X, data.y))).digest_ == digest()


def test_parameters_reach_the_configuration():
    data = ws.load_data("iris")
    settings = {"encoding": {"label": 0.2}, "annealing": {"start": 1, "every": 3}}
    clf = iris(hidden=(), nudge="clamped", beta=None, eta=1, epochs=2, steps=9, omega=10, learning_shift=1, settings=settings)
    clf.fit(data.X, data.y).history_
    config = ws.runs.Run(clf._model).config
    assert config["nudge"] == {"kind": "clamped", "eta": 1} and config["network"]["shape"] == "crossbar"
    assert (config["steps"], config["omega"], config["network"]["alpha"]) == (9, 10, [1])
    assert config["encoding"]["label"] == 0.2 and config["annealing"] == {"start": 1, "every": 3}
    assert clf.network_.number_of_edges == 30


def test_a_network_of_ones_own_learns():
    data = ws.load_data("iris")
    net = ws.Network.layered([10, 8, 3]).with_alpha([2, 2])
    clf = iris(network=net, epochs=60).fit(data.X, data.y)
    assert clf.network_.digest == net.digest and clf.score(data.X, data.y) > 0.8
    with pytest.raises(ValueError, match="9 inputs and the encoding gives 10"):
        iris(network=ws.Network.crossbar(9, 3)).fit(data.X, data.y)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"nudge": "shove"}, "shove"),
        ({"eta": 1}, "eta does not belong to a current nudge"),
        ({"hidden": (0,)}, "0|empty|layer"),
        ({"epochs": 0}, "epochs = 0"),
        ({"format": "thin"}, "thin"),
        ({"settings": {"encoding": {"lable": 1}}}, "lable"),
        ({"learning_shift": [1, 2, 3]}, "3"),
    ],
)
def test_faulty_parameters_are_named_when_it_is_fitted(changes, message):
    data = ws.load_data("iris")
    with pytest.raises(ValueError, match=message):
        iris(**changes).fit(data.X, data.y)


def test_a_model_saved_here_answers_on_the_command_line(wheatstone, tmp_path):
    data = ws.load_data("wine")
    reg = make_pipeline(StandardScaler(), ws.NetworkClassifier(random_state=5, epochs=3)).fit(data.X, data.y)
    clf = reg[-1]
    clf.save(tmp_path / "saved")
    assert wheatstone("inspect", str(tmp_path / "saved"))["state_digest"] == clf.digest_
    assert ws.open_run(tmp_path / "saved").digest == clf.digest_
    with pytest.raises(ValueError, match="already holds a run"):
        clf.save(tmp_path / "saved")


def test_targets_of_any_kind():
    X = np.random.default_rng(0).uniform(-1, 1, (60, 2))
    for y in [X[:, 0] > 0, (X[:, 0] > 0).astype(int) * 5 - 2, np.where(X[:, 0] > 0, "über", "unter")]:
        clf = ws.NetworkClassifier(random_state=1, epochs=20).fit(X, y)
        assert clf.score(X, y) > 0.9 and clf.predict(X).dtype == y.dtype
    two = np.column_stack([X[:, 0], -X[:, 1]])
    reg = ws.NetworkRegressor(random_state=1, epochs=20).fit(X, two)
    assert reg.predict(X).shape == (60, 2) and reg.score(X, two) > 0.5
