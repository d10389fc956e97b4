"""`python -m rftplib.mirror --progress`: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import errno
import os
import re
import subprocess
import sys
import time

import pytest
from rftplib.mirror._bar import bar
from support.mirror_server import TreeServer
from support.real import content
from support.terminal import Terminal

PATIENCE = 60
DATA = content(1_500_000)  # a large file, of which is told what has come; small ones count when they are there
LINE = re.compile(r"[\d,.]+ \w+ of 1.5 MB, [\d,.]+ \w+/s")
REPORT = "1 copied (1.5 MB); "


@pytest.fixture
def local(tmp_path):
    return tmp_path / "local"


@pytest.fixture
def tqdm(missing):
    try:
        import tqdm  # noqa: F401
    except ImportError:
        missing("tqdm isn't installed")


@pytest.fixture
def without_tqdm(tmp_path):
    """An environment in which it isn't installed."""
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['tqdm'] = None\n")
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def arguments(server, local):
    url = f"ftp://user:password@127.0.0.1:{server.port}/"
    return ["-m", "rftplib.mirror", "--progress", "-j", "1", url, str(local)]


@pytest.mark.parametrize(
    "columns, redirected", [(60, False), (60, True), (0, False), pytest.param(120, False, marks=pytest.mark.long)]
)
def test_a_bar_on_a_terminal(columns, redirected, local, tmp_path, tqdm):
    """It fits into its row, or each step of it would be a row of its own; also where the report goes into a file."""
    with open(tmp_path / "report", "w") as report, TreeServer({"a": DATA}) as server:
        options = {"stdout": report} if redirected else {}
        with Terminal(arguments(server, local), columns, **options) as terminal:
            assert terminal.wait(PATIENCE) == 0
    bar, *below = terminal.rows
    assert bar.startswith("100%|") and " 1.50M/1.50M [" in bar
    assert max(map(len, re.split("[\r\n]", terminal.text))) <= (columns or 80)
    assert len(bar) > 50, "it takes the row that there is"
    said = (tmp_path / "report").read_text() if redirected else "\n".join(below)
    assert said.startswith(REPORT)


def test_a_terminal_that_has_gone(monkeypatch, tqdm):
    """It was there when the program began."""
    controller, terminal = os.openpty()
    with open(controller, "rb"), open(terminal, "w") as stderr:
        monkeypatch.setattr("sys.stderr", stderr)
        progress = bar()
        monkeypatch.setattr(os, "get_terminal_size", gone)
        progress.set_size(1000)
        progress.relative_update(1000)
        progress.close()


def gone(descriptor):
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def slowly(session):
    """An action for RETR: byte by byte until somebody has read a line of progress, then the rest."""
    session.say(b"150 here it comes\r\n")
    conn, sent = session.open_data(), 0
    while not session.server.going_on.wait(0.01) and sent < 10_000:
        session.send(conn, DATA[sent : sent + 1])
        sent += 1
    session.send(conn, DATA[sent:])
    conn.close()
    session.say(b"226 done\r\n")


def test_lines_in_a_pipe(local):
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    began = time.monotonic()
    with TreeServer({"a": DATA}, {"RETR a": slowly}) as server:
        with subprocess.Popen([sys.executable, *arguments(server, local)], text=True, **pipes) as child:
            first = child.stderr.readline()
            server.let_go()
            out, rest = child.communicate(timeout=PATIENCE)
    lines = (first + rest).splitlines()
    assert child.returncode == 0 and out.startswith(REPORT)
    assert all(LINE.fullmatch(line) for line in lines), lines
    assert 1 <= len(lines) <= time.monotonic() - began, "one a second at most"


@pytest.mark.long
def test_a_terminal_without_tqdm(local, without_tqdm):
    """It has the lines as well, and help says why."""
    with TreeServer({"a": DATA}, {"RETR a": slowly}) as server:
        with Terminal(arguments(server, local), 80, env=without_tqdm) as terminal:
            while "\n" not in terminal.text:
                assert not server.going_on.wait(0.01)
            server.let_go()
            assert terminal.wait(PATIENCE) == 0
    lines = [row for row in terminal.rows if " of " in row]
    assert lines and all(LINE.fullmatch(line) for line in lines)
    assert "\r" not in terminal.text and terminal.rows[len(lines)].startswith(REPORT)
    command = [sys.executable, "-m", "rftplib.mirror", "--help"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE).stdout
    assert "a bar on a terminal, by tqdm if that is installed; else a line a second" in " ".join(told.split())
