"""gevent's monkey patching, in child processes: it changes the whole interpreter."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from support.actions import send_data
from support.scripted_server import Server

from integrations.conftest import DATA

FIRST = "from gevent import monkey; monkey.patch_all()\nimport rftplib as ftplib\n"
LATE = "import rftplib as ftplib\nfrom gevent import monkey; monkey.patch_all()\n"
SWAPPED = "from gevent import monkey; monkey.patch_all()\nimport rftplib; rftplib.install()\nimport ftplib\n"

TRANSFERS = """\
import io, json, sys
import gevent
settings = json.loads(sys.argv[1])

def work(number):
    ftp = (ftplib.FTP_TLS if settings["tls"] else ftplib.FTP)(timeout=20)
    ftp.connect(settings["host"], settings["port"])
    ftp.login(settings["user"], settings["password"])
    if settings["tls"]:
        ftp.prot_p()
    ftp.cwd(settings["folder"])
    received = io.BytesIO()
    ftp.retrbinary("RETR file", received.write)
    ftp.storbinary(f"STOR copy{number}", io.BytesIO(received.getvalue()))
    names = ftp.nlst()
    ftp.quit()
    return "file" in names

jobs = [gevent.spawn(work, number) for number in range(5)]
gevent.joinall(jobs, timeout=60, raise_error=True)
assert [job.value for job in jobs] == [True] * 5
"""

# One greenlet's transfer ends only when another greenlet has logged in.
COOPERATION = """\
import json, sys
import gevent
settings = json.loads(sys.argv[1])

def slow():
    ftp = ftplib.FTP(timeout=20)
    ftp.connect("127.0.0.1", settings["port"])
    lines = []
    ftp.retrlines("LIST", lines.append)
    return lines

def quick():
    gevent.sleep(0.1)
    ftp = ftplib.FTP(timeout=20)
    ftp.connect("127.0.0.1", settings["port"])
    return ftp.login()

jobs = [gevent.spawn(slow), gevent.spawn(quick)]
gevent.joinall(jobs, timeout=60, raise_error=True)
assert jobs[0].value == ["the end"], jobs[0].value
"""


def run(program, settings):
    command = [sys.executable, "-c", program, json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("order", [FIRST, LATE, SWAPPED], ids=["first", "late", "swapped"])
@pytest.mark.parametrize(
    ("name", "tls"),
    [("pyftpdlib", False), ("vsftpd", False), ("pyftpdlib", True), ("vsftpd", True)],
    ids=["pyftpdlib", "vsftpd", "pyftpdlib-tls", "vsftpd-tls"],
)
def test_transfers_side_by_side(area_on, order, name, tls):
    area = area_on(name)
    area.put("file", DATA)
    settings = dict(host=area.host, port=area.port, user=area.user, password=area.password, folder=area.name, tls=tls)
    run(order + TRANSFERS, settings)
    for number in range(5):
        assert area.get(f"copy{number}") == DATA


# The listing is sent only when somebody has logged in on another connection.
RENDEZVOUS = (
    b"150 here it comes\r\n",
    lambda session: session.server.wait_for("PASS"),
    send_data(b"the end\r\n"),
    b"226 done\r\n",
)


@pytest.mark.parametrize("order", [FIRST, LATE, SWAPPED], ids=["first", "late", "swapped"])
def test_a_waiting_transfer_lets_the_others_go_on(order):
    with Server({"LIST": RENDEZVOUS}) as server:
        run(order + COOPERATION, {"port": server.port})
