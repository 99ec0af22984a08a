import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import wheatstone as ws


def trainer(net, rows, **changes):
    V, T = rows
    return ws.Trainer(net, V, T, **{"eta": 0, "steps": 40, "omega": 14, "epochs": 5, **changes})


def test_it_learns_and_a_reading_depends_on_no_other(lattice, rows):
    t = trainer(lattice, rows, epochs=40)
    before = np.abs(t.read(rows[0], steps=200) - rows[1]).max()
    t.train()
    answers = t.read(rows[0], steps=200)
    assert t.trained == t.total == 1600
    assert np.abs(answers - rows[1]).max() < before / 5
    order = np.random.default_rng(0).permutation(40)
    np.testing.assert_array_equal(t.read(rows[0][order], steps=200), answers[order])


def test_samples_steps_and_trajectories_pass_through_the_same_states(lattice, rows):
    by_sample = list(trainer(lattice, rows).samples(every=30))
    by_step = list(trainer(lattice, rows).steps(every=1200))
    taken = trainer(lattice, rows).trajectory(every=30)
    assert [s.samples for s in by_sample] == [30, 60, 90, 120, 150, 180, 200]
    assert [s.steps for s in by_step] == [s.steps for s in by_sample]
    for one, other in zip(by_sample, by_step):
        for a, b in zip(one, other):
            np.testing.assert_array_equal(a, b)
    for row, one in enumerate(by_sample[:6]):
        for field in taken._fields:
            np.testing.assert_array_equal(getattr(taken, field)[row], getattr(one, field))
    assert by_sample[0].conductances.shape == (112,) and by_sample[0].free.shape == (64,)
    assert trainer(lattice, rows).train().digest == trainer(lattice, rows, epochs=3).train().train(80).digest


def test_a_sample_begun_step_by_step_is_ended_as_a_whole(lattice, rows):
    t, other = trainer(lattice, rows), trainer(lattice, rows)
    steps = t.steps(every=7)
    next(steps), next(steps)
    t.train(1)
    assert t.digest == other.train(1).digest


def test_a_batch_ends_where_each_seed_ends_alone(lattice, rows):
    g, power = trainer(lattice, rows).batch(seeds=range(5)).run()
    assert g.shape == (5, 112) and power.shape == (5, 2)
    for seed in range(5):
        last = trainer(lattice, rows, seed=seed).train().snapshot()
        np.testing.assert_array_equal(g[seed], last.conductances)
        np.testing.assert_array_equal(power[seed], last.power)


def test_power_is_what_the_laplacian_says(lattice, rows):
    last = trainer(lattice, rows).train().snapshot()
    power = [v @ lattice.laplacian(last.conductances) @ v for v in (last.free, last.clamped)]
    np.testing.assert_allclose(last.power, power, rtol=1e-6)


def test_any_array_of_numbers_is_taken(lattice, rows):
    V, T = rows
    wanted = trainer(lattice, rows).train().digest
    fortran = np.asfortranarray(V)
    strided = np.repeat(V, 2, axis=0)[::2]
    readonly = V.copy()
    readonly.setflags(write=False)
    for same in (fortran, strided, readonly, V.tolist(), V.astype(">f8")):
        assert trainer(lattice, (same, T)).train().digest == wanted
    half = V.astype(np.float32)
    assert trainer(lattice, (half, T)).train().digest == trainer(lattice, (half.astype(float), T)).train().digest
    assert trainer(lattice, (V, T[:, 0])).train().digest == wanted


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"V": [["a", "b"]]}, TypeError, "V holds"),
        ({"V": [[1j, 0]]}, TypeError, "V holds"),
        ({"V": [[np.nan, 0]]}, ValueError, r"V\[0, 0\] is nan"),
        ({"T": [[np.inf]]}, ValueError, r"T\[0, 0\] is inf"),
        ({"V": [[0, 0, 0]]}, ValueError, "3 columns and there must be 2"),
        ({"V": [[[0, 0]]]}, ValueError, "3 axes"),
        ({"V": np.zeros((0, 2)), "T": np.zeros((0, 1))}, ValueError, "no rows"),
        ({"V": np.zeros((2, 2))}, ValueError, "2 rows and T has 1"),
        ({"V": [[5.0, 0]]}, ValueError, "full scale is 1 V"),
        ({"steps": 0}, ValueError, "steps is 0"),
        ({"steps": 2.5}, TypeError, "steps is 2.5"),
        ({"omega": 99}, ValueError, "99"),
        ({"eta": 1, "beta": 1}, ValueError, "one of them"),
        ({"eta": 99}, ValueError, "nudge.eta = 99"),
        ({"format": "huge"}, ValueError, "huge"),
        ({"learning": "sometimes"}, ValueError, "sometimes"),
        ({"learning": {"mode": "continuous", "every": 99}}, ValueError, "every"),
        ({"alpha": [1, 2, 3]}, ValueError, "3"),
        ({"initial": (0.9, 0.1)}, ValueError, "initial"),
        ({"initial": []}, ValueError, "initial"),
        ({"sense": "near"}, ValueError, "near"),
        ({"seed": -1}, ValueError, "seed"),
        ({"network": "lattice"}, TypeError, "network is a str"),
    ],
)
def test_faulty_arguments_are_named(lattice, change, error, message):
    arguments = {"network": lattice, "V": [[0.1, 0.2]], "T": [[0.1]]} | change
    with pytest.raises(error, match=message):
        ws.Trainer(arguments.pop("network"), arguments.pop("V"), arguments.pop("T"), **arguments)


def test_an_output_may_be_free(lattice):
    t = ws.Trainer(lattice, [[0.1, 0.2]], [[np.nan]], seed=4, steps=2000, omega=14).train()
    np.testing.assert_allclose(t.snapshot().clamped, t.snapshot().free, atol=2e-4)


def test_other_threads_run_meanwhile(lattice, rows):
    t, ticks = trainer(lattice, rows, epochs=10**6), []
    thread = threading.Thread(target=t.train, args=(40_000,))
    thread.start()
    while thread.is_alive():
        ticks.append(t)
        time.sleep(0.001)
    assert len(ticks) > 5 and t.trained == 40_000


def test_ctrl_c_ends_it():
    program = (
        "import wheatstone as ws\n"
        "t = ws.Trainer(ws.Network.crossbar(2, 1), [[0.1, 0.2]], [[0.1]], epochs=10**12)\n"
        "print('began', flush=True)\n"
        "try:\n    t.train()\nexcept KeyboardInterrupt:\n    print('stopped', t.trained > 0)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "began\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[0] == "stopped True\n"


def test_importing_needs_nothing_but_numpy():
    program = "import sys, wheatstone; print([m for m in ('sklearn', 'pandas', 'networkx', 'scipy') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said == "[]\n"


def test_a_trajectory_that_no_memory_holds_is_refused(lattice, rows):
    trainer = ws.Trainer(lattice, *rows, epochs=2**31)
    with pytest.raises(MemoryError, match="snapshots do not fit into memory"):
        trainer.trajectory(every=1)
