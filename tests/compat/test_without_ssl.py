"""An interpreter that was built without `ssl`: FTP works, FTP_TLS isn't there."""

from __future__ import annotations

import subprocess
import sys

import pytest
from servers.demo import serving

SCRIPT = """
import sys
sys.modules["ssl"] = sys.modules["_ssl"] = None  # import raises ImportError then
import {0} as module
print(module.__all__, hasattr(module, "FTP_TLS"), module.all_errors)
ftp = module.FTP()
ftp.connect("127.0.0.1", {1}, 20)
print(ftp.login("demo", "secret"), ftp.nlst(), ftp.quit())
"""


def run(script):
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)


@pytest.fixture
def port(tmp_path):
    (tmp_path / "a file").write_bytes(b"x")
    with serving(tmp_path) as server:
        yield server.port


def test_the_module_and_a_session(port):
    oracle, ours = (run(SCRIPT.format(name, port)) for name in ("ftplib", "rftplib"))
    assert oracle.stderr == "" and "a file" in oracle.stdout and "FTP_TLS" not in oracle.stdout
    assert (ours.returncode, ours.stdout, ours.stderr) == (0, oracle.stdout, "")


def test_rftplib_tls_says_what_is_missing():
    done = run("import sys; sys.modules['ssl'] = sys.modules['_ssl'] = None\nimport rftplib.tls")
    assert done.returncode == 1
    assert "ImportError" in done.stderr and "ssl" in done.stderr.splitlines()[-1]


def test_ctrl_c_while_ssl_is_being_imported():
    """It isn't lost: whoever presses it believes that the program has stopped."""
    finder = (
        "class Pressed:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'ssl':\n"
        "            sys.meta_path.remove(self)\n"
        "            raise KeyboardInterrupt\n"
        "import sys\n"
        "sys.meta_path.insert(0, Pressed())\n"
        "try:\n"
        "    import rftplib\n"
        "except KeyboardInterrupt:\n"
        "    print('ended')\n"
    )
    done = subprocess.run([sys.executable, "-c", finder], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("ended\n", "")
