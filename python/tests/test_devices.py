import numpy as np
import pytest

import wheatstone as ws


@pytest.fixture
def clf():
    return ws.NetworkClassifier(hidden=(3,), epochs=2, random_state=1, format="compact")


def test_a_virtual_board_learns_the_same_bits(program, clf):
    data = ws.load_data("iris")
    with ws.Device("pty:", program=program) as device:
        digest = clf.fit(data.X, data.y, device=device).digest_
        assert device.verify(clf, samples=20) == 20
        assert ws.train(ws.preset("xor") | {"epochs": 2}, device=device).digest == ws.train(
            ws.preset("xor") | {"epochs": 2}
        ).digest
    assert clf.fit(data.X, data.y).digest_ == digest


def test_strings_and_whole_numbers_learn_the_same_on_a_device(program, clf):
    X = np.random.default_rng(0).uniform(-1, 1, (12, 2))
    with ws.Device("sim:", program=program) as device:
        for y in [np.where(X[:, 0] > 0, "b", "a"), (X[:, 0] > 0) * 3, X[:, 0] > 0]:
            assert clf.fit(X, y, device=device).digest_ == clf.fit(X, y).digest_
            assert device.verify(clf, X, y, samples=5) == 5
        reg = ws.NetworkRegressor(hidden=(3,), epochs=2, random_state=1)
        for y in [X[:, 0], X]:
            assert reg.fit(X, y, device=device).digest_ == reg.fit(X, y).digest_
        with pytest.raises(ValueError, match="give X and y"):
            device.verify(reg.fit(X, y))
        net = ws.Network.layered([6, 4, 1]).with_alpha([1, 2])
        reg = ws.NetworkRegressor(network=net, epochs=2, random_state=1)
        assert reg.fit(X, X[:, 0], device=device).digest_ == reg.fit(X, X[:, 0]).digest_


def test_what_is_wrong_with_a_device_is_an_exception_of_its_class(program, clf):
    data = ws.load_data("iris")
    with ws.Device("serial:/dev/nowhere", program=program) as device, pytest.raises(ws.DeviceError, match="/dev/nowhere"):
        clf.fit(data.X, data.y, device=device)
    with ws.Device("usb:", program=program) as device, pytest.raises(ValueError, match="names no device"):
        clf.fit(data.X, data.y, device=device)
    with pytest.raises(ws.DeviceError, match="cargo install"):
        ws.Device("pty:", program="/no/such/program")


def test_a_difference_is_a_mismatch(program, tmp_path, clf):
    """A program that verifies with a bit flipped stands for a board that is broken."""
    data = ws.load_data("iris")
    broken = tmp_path / "broken"
    broken.write_text(f'#!/bin/sh\ncase "$*" in *verify*) exec {program} "$@" --flip-bit 5:3;; esac\nexec {program} "$@"\n')
    broken.chmod(0o755)
    with ws.Device("sim:", program=broken) as device:
        clf.fit(data.X, data.y, device=device)
        with pytest.raises(ws.MismatchError, match="sample 5|edge|k"):
            device.verify(clf)


def test_a_network_that_hardware_cannot_hold_is_not_built(program, tmp_path):
    import networkx as nx

    triangle = ws.Network.from_networkx(nx.cycle_graph(3), [0], [1])
    with pytest.raises(ValueError):
        ws.build(triangle, board="ulx3s-25f", program=program, until="emit", out=tmp_path / "out")
    with pytest.raises(ValueError, match="breadboard"):
        ws.build("xor", board="breadboard", program=program)
