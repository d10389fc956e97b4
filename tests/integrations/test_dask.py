"""A mirror by a cluster: two workers of Dask's, which are processes of their own, do its batches side by side."""

from __future__ import annotations

import subprocess
import sys

from support.mirror_server import TreeServer, send
from support.snapshots import contents

PATIENCE = 100
FILES = {f"f{number:03}": b"%d" % number * number for number in range(100)}

PROGRAM = """
import sys
from distributed import Client, LocalCluster
from distributed.diagnostics.plugin import WorkerPlugin
from rftplib.mirror import plan
from rftplib.session import Site

class Done(WorkerPlugin):
    name = "done"

    def setup(self, worker):
        import rftplib.mirror._copy  # before the server waits for both

        self.keys = set()

    def transition(self, key, start, finish, **others):
        if finish == "memory":
            self.keys.add(key)

def done(dask_worker):
    return len(dask_worker.plugins["done"].keys)

if __name__ == "__main__":
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster) as client:
        client.register_plugin(Done())
        report = plan(Site(sys.argv[1], connections=4), sys.argv[2]).run(executor=client.get_executor())
        print(*client.run(done).values())
    sys.exit(None if report.ok else str(report))
"""


def test_two_workers(tmp_path):
    """Nothing is sent before two sessions have asked for a file; and a worker has one thread, and one session."""

    def send_when_both_are_there(session):
        if session not in asking:
            asking.append(session)
            server.note("a session asks for its first file")
        server.wait_for("a session asks for its first file", 2)
        send(session, FILES[session.argument])

    asking = []
    (tmp_path / "program.py").write_text(PROGRAM)
    with TreeServer(FILES, {"RETR *": send_when_both_are_there}) as server:
        server.data_of = {command: data for command, data in server.data_of.items() if command == "MLSD"}
        url = f"ftp://user:password@127.0.0.1:{server.port}"
        command = [sys.executable, tmp_path / "program.py", url, tmp_path / "local"]
        done = subprocess.run(command, timeout=PATIENCE, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert contents(tmp_path / "local") == FILES
    batches = [int(number) for number in done.stdout.split()]
    assert len(batches) == 2 and min(batches) >= 1, "both workers have done some"
    assert sum(batches) == len(asking) > 4, "each batch has a session of its own"
