"""Has HyperQueue run a command once for every number up to N, on this machine; prints the seconds from the submission to the end.

    python hyperqueue_array.py CORES N COMMAND [ARGUMENT ...]

`{}` in an argument stands for the number.
"""

import sys
import tempfile
import time

from hyperqueue import Job, LocalCluster
from hyperqueue.cluster import WorkerConfig


def main() -> None:
    cores, count, command = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    with tempfile.TemporaryDirectory() as folder, LocalCluster(folder) as cluster:
        cluster.start_worker(WorkerConfig(cores=cores))
        client = cluster.client()
        job = Job(max_fails=0)
        for number in range(1, count + 1):
            job.program([argument.replace("{}", str(number)) for argument in command], stdout=None, stderr=None)
        began = time.perf_counter()
        client.wait_for_jobs([client.submit(job)])
        print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
