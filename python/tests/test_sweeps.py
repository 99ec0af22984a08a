"""Sweeps by the schedulers that clusters have: killed, started again and many times at once, they end in the same table."""

import shutil
import subprocess
import time
from pathlib import Path

import pytest

PLAN = """
seeds = 4
[base]
extends = "xor"
[grid]
epochs = [20, 1500]
nudge.eta = [0, 1]
"""

TASKS = 16


@pytest.fixture
def sweep(program, tmp_path):
    """Plans the same sweep into folders by name."""
    (tmp_path / "plan.toml").write_text(PLAN)

    def plan(name: str) -> Path:
        folder = tmp_path / name
        subprocess.run([program, "-q", "sweep", "plan", "plan.toml", "--out", folder], cwd=tmp_path, check=True)
        return folder

    return plan


@pytest.fixture
def table(program):
    """The table of a sweep."""
    return lambda folder: subprocess.run([program, "sweep", "table", folder], capture_output=True, check=True).stdout


@pytest.fixture
def undisturbed(program, sweep, table) -> bytes:
    """What one process makes of it."""
    folder = sweep("undisturbed")
    subprocess.run([program, "-q", "sweep", "run", folder], check=True)
    made = table(folder)
    assert made.count(b",done,0,") == TASKS
    return made


def kill_one(program: str, folder: Path) -> None:
    """Starts a process on the whole sweep, and kills it when it has begun."""
    process = subprocess.Popen([program, "-q", "sweep", "run", folder, "--threads", "1"])
    while not any(folder.glob("*/evaluation.json")):
        time.sleep(0.002)
    process.kill()
    process.wait()


def test_hyperqueue_and_one_process_make_the_same_table(program, sweep, table, undisturbed, tmp_path):
    hyperqueue = pytest.importorskip("hyperqueue")
    from hyperqueue.cluster import WorkerConfig

    folder = sweep("hyperqueue")
    kill_one(program, folder)
    with hyperqueue.LocalCluster(str(tmp_path / "server")) as cluster:
        cluster.start_worker(WorkerConfig(cores=2))
        client = cluster.client()
        # Every shard twice, as after a requeue of jobs that still run.
        job = hyperqueue.Job(max_fails=0)
        for shard in [1, 2, 3, 4] * 2:
            command = [program, "sweep", "run", str(folder), "--threads", "1", "--shard", f"{shard}/4"]
            job.program(command, stdout=None, stderr=None)
        assert client.wait_for_jobs([client.submit(job)])
    assert table(folder) == undisturbed


def test_two_hundred_starts_by_parallel_make_the_same_table(program, sweep, table, undisturbed):
    parallel = shutil.which("parallel")
    if parallel is None:
        pytest.skip("GNU parallel is not there: apt-get install parallel")
    folder = sweep("parallel")
    kill_one(program, folder)
    command = f"{program} -q sweep run {folder} --threads 1"
    starts = "\n".join(map(str, range(200)))
    subprocess.run([parallel, "--will-cite", "--jobs", "200", f"{command} #"], input=starts, text=True, check=True)
    assert table(folder) == undisturbed
