"""`python -m rftplib.mirror`: what it prints, and its exit status."""

from __future__ import annotations

import errno
import os
import signal
import ssl
import subprocess
import sys
from types import SimpleNamespace

import pytest
from rftplib.mirror import _cli, _copy
from support.actions import fall_silent
from support.mirror_server import TreeServer, say
from support.ports import REFUSING

PATIENCE = 60
TREE = {"a": b"1", "sub": {"b": b"22"}}


@pytest.fixture
def local(tmp_path):
    return tmp_path / "local"


def run(server, local, *arguments):
    """The program, in this process."""
    return _cli.main([f"ftp://user:password@127.0.0.1:{server.port}/", str(local), "-j", "1", *arguments])


@pytest.fixture(autouse=True)
def sigterm():
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_done(local, capsys):
    with TreeServer(TREE) as server:
        assert run(server, local, "-n") == 0
        assert capsys.readouterr().out.splitlines() == [
            "copy   a (1 bytes): missing", "mkdir  sub: missing", "copy   sub/b (2 bytes): missing",
            "3 actions, 3 bytes to copy, 0 deletions",
        ]  # fmt: skip
        assert not local.exists()
        assert run(server, local) == 0
        assert capsys.readouterr().out.startswith("2 copied (3 bytes), 1 directory made; ")
        assert run(server, local, "-n") == 0
        assert capsys.readouterr().out == "nothing to do\n"


def test_some_failed(local, capsys):
    with TreeServer(TREE, {"RETR a": say("550 Permission denied")}) as server:
        assert run(server, local) == 1
    assert "copy a: 550 Permission denied: " in capsys.readouterr().err


def test_unreachable(local, capsys):
    with TreeServer(TREE, USER="530 Login incorrect.") as server:
        assert run(server, local) == 1
    said = capsys.readouterr().err
    assert "530 Login incorrect. (at ftp://user:***@127.0.0.1" in said and "see to user and password" in said
    assert run(SimpleNamespace(port=REFUSING), local) == 1
    assert "Connection refused (at ftp://" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [
    ["--max-delete", "150%"], ["--max-delete", "-1"], ["--limit", "fast"], ["--limit", "inf"], ["--limit", "nan"],
    ["--limit", "0"], ["-j", "0"], ["--exclude", ".."], ["--what"],
])  # fmt: skip
def test_wrong_arguments_are_told(arguments, local, capsys):
    with TreeServer(TREE) as server:
        try:
            assert run(server, local, *arguments) == 2
        except SystemExit as end:
            assert end.code == 2
    assert capsys.readouterr().err


def test_a_certificate_that_isnt_trusted_is_no_wrong_usage(local, capsys, monkeypatch):
    """ssl has made its error a ValueError as well."""

    def untrusted(*sides, **options):
        raise ssl.SSLCertVerificationError(1, "certificate verify failed: self-signed certificate")

    monkeypatch.setattr(_cli, "plan", untrusted)
    assert _cli.main(["ftpes://127.0.0.1/", str(local)]) == 1
    assert "self-signed certificate: the server's certificate isn't trusted" in capsys.readouterr().err


@pytest.mark.parametrize("scheme, answers, advice", [
    ("ftp", {"USER": "530 Sessions must use encryption."}, "the server wants TLS: ftpes:// or ftps://"),
    ("ftp", {"USER": "421 Sorry, cleartext sessions are not accepted."}, "the server wants TLS: ftpes:// or ftps://"),
    ("ftpes", {"AUTH": "500 What?"}, "the server takes no AUTH TLS: ftps://host (port 990), ?implicit=true at the"),
])  # fmt: skip
def test_the_advice_is_for_a_command_line(scheme, answers, advice, local, capsys):
    with TreeServer(TREE, **answers) as server:
        url = f"{scheme}://user:***@127.0.0.1:{server.port}"
        assert _cli.main([url.replace("***", "password"), str(local)]) == 1
    (reply,) = answers.values()
    assert capsys.readouterr().err.startswith(f"{reply} (at {url}): {advice}")


def test_the_program_says_that_no_password_was_given(local, capsys, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with TreeServer(TREE, USER="530 Login incorrect.") as server:
        assert _cli.main([f"ftp://user@127.0.0.1:{server.port}", str(local)]) == 1
    assert "): no password was given, and ~/.netrc has none for this host and user" in capsys.readouterr().err


def test_a_target_that_cant_be_made(tmp_path, capsys):
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a").write_bytes(b"1")
    with TreeServer({}, CWD="550 Failed to change directory.", MKD="550 Permission denied.") as server:
        url = f"ftp://user:***@127.0.0.1:{server.port}/no/such"
        assert _cli.main([str(tmp_path / "source"), url.replace("***", "password"), "-j", "1"]) == 1
    said = capsys.readouterr().err
    told = "the target directory can't be made: 550 Permission denied.: see whether this user may write there"
    assert f"mkdir {url}: {told}\n" in said and said.startswith("nothing was done; ")
    assert "nothing to do" not in said and "run it again" not in said


def test_a_local_target_that_cant_be_made(local, capsys, monkeypatch):
    def fail(*args, **options):
        raise PermissionError(errno.EACCES, "Permission denied")

    with TreeServer(TREE) as server:
        monkeypatch.setattr(os, "makedirs", fail)
        assert run(server, local) == 1
    told = "the target directory can't be made: Permission denied: see whether this user may write there"
    assert f"mkdir {local}: {told}" in capsys.readouterr().err


def test_what_the_terminal_cant_show_is_escaped(local):
    with TreeServer({"\u00e9": b"1"}) as server:
        command = [sys.executable, "-m", "rftplib.mirror", "-n", "-j", "1"]
        command += [f"ftp://user:password@127.0.0.1:{server.port}/", str(local)]
        environment = {**os.environ, "PYTHONIOENCODING": "ascii:strict"}
        done = subprocess.run(command, env=environment, capture_output=True, timeout=PATIENCE)
    assert done.returncode == 0 and b"copy   \\xe9 (1 bytes): missing\n" in done.stdout


def test_a_reader_that_has_gone(local):
    with TreeServer({f"f{number}": b"1" for number in range(5000)}) as server:
        command = [sys.executable, "-m", "rftplib.mirror", "-n", "-j", "1"]
        command += [f"ftp://user:password@127.0.0.1:{server.port}/", str(local)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        child.stdout.close()
        said = child.stderr.read()
        child.stderr.close()
        assert child.wait(PATIENCE) == 1 and said == b""


def test_a_server_that_is_gone_when_a_plan_is_run(local, capsys, tmp_path, monkeypatch):
    """It is told where nobody answers, and what to do about that: nothing was lost."""
    monkeypatch.setattr(_copy, "RETRY", _copy.RETRY._replace(attempts=2, base=0.01))
    with TreeServer(TREE) as server:
        assert run(server, local, "--plan", str(tmp_path / "plan")) == 0
        url = f"ftp://user:***@127.0.0.1:{server.port}"
        server.leave()
        assert run(server, local, "--run", str(tmp_path / "plan")) == 1
    said = capsys.readouterr().err
    assert f"Connection refused (at {url}): see whether the server, its port" in said and "was lost" not in said


@pytest.mark.parametrize("reply, advice", [
    ("530 Login incorrect.", "see to user and password"),
    ("550 Failed to change directory.", "see whether its path is right"),
])  # fmt: skip
def test_refusals_name_the_place(reply, advice, local, capsys):
    verb = "USER" if reply[:3] == "530" else "CWD"
    with TreeServer(TREE, **{verb: reply}) as server:
        assert _cli.main([f"ftp://user:password@127.0.0.1:{server.port}/no/such", str(local)]) == 1
        said = capsys.readouterr().err
        assert f"{reply} (at ftp://user:***@127.0.0.1:{server.port}/no/such): " in said and advice in said


@pytest.mark.parametrize("number", ["ENOENT", "EIO", "EMFILE", "EBUSY"])
def test_errors_of_a_disk_arent_called_a_lost_connection(number, local, capsys, monkeypatch):
    def fail(*arguments, **options):
        raise OSError(getattr(errno, number), "what the disk says")

    monkeypatch.setattr(os, "replace", fail)
    with TreeServer({"a": b"1"}) as server:
        assert run(server, local) == 1
    said = capsys.readouterr().err
    assert "copy a: what the disk says: " in said and "connection" not in said


def test_too_many_deletions_are_refused(local, capsys):
    local.mkdir()
    for name in "xyz":
        (local / name).write_bytes(b"precious")
    with TreeServer(TREE) as server:
        assert run(server, local, "--delete", "-n") == 3
        assert run(server, local, "--delete") == 3
        assert "allow max_delete=3 (--max-delete 3)" in capsys.readouterr().err
        assert sorted(os.listdir(local)) == ["x", "y", "z"]
        assert run(server, local, "--delete", "--max-delete", "3") == 0
    assert sorted(os.listdir(local)) == ["a", "sub"]


@pytest.mark.parametrize("option", ["--verify", "--compare"])
def test_a_server_without_hashes_is_wrong_usage(option, local, capsys):
    local.mkdir()
    (local / "a").write_bytes(b"2")
    os.utime(local / "a", (1_577_934_245,) * 2)
    with TreeServer(TREE) as server:
        assert run(server, local, option, "hash") == 2
    said = capsys.readouterr().err
    assert said.startswith("ftp://user:***@127.0.0.1:") and said.endswith(f"({option} auto, {option} size)\n")
    assert os.listdir(local) == ["a"]


def test_a_plan_in_a_file(local, tmp_path, capsys):
    with TreeServer(TREE) as server:
        assert run(server, local, "--plan", str(tmp_path / "plan")) == 0
        assert not local.exists()
        assert run(server, local, "--run", str(tmp_path / "plan")) == 0
        assert (local / "sub" / "b").read_bytes() == b"22"
        assert run(server, tmp_path / "elsewhere", "--run", str(tmp_path / "plan")) == 2


@pytest.mark.parametrize("option", [["--delete"], ["--exclude", "x"], ["--names", "skip"]])
def test_options_of_a_plan_dont_go_with_one_that_is_made(option, local, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        _cli.main(["ftp://127.0.0.1:1/", str(local), "--run", str(tmp_path / "plan"), *option])
    assert end.value.code == 2 and "belongs to the plan" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--plan", "--manifest"])
def test_files_whose_directory_isnt_there(option, local, tmp_path, capsys):
    with TreeServer(TREE) as server:
        assert run(server, local, option, str(tmp_path / "nowhere" / "file")) == 1
    why = "No such file or directory: its directory isn't there, and has to be made first"
    assert capsys.readouterr().err == f"{tmp_path / 'nowhere' / 'file'}: {why}\n"


@pytest.mark.parametrize("option", ["--plan", "--run", "--manifest"])
def test_options_that_name_no_file(option, local, tmp_path, capsys):
    """As a variable of the shell gives them that isn't set: nothing is done."""
    (local / "sub").mkdir(parents=True)
    (local / "sub" / "unwanted").write_bytes(b"1")
    with TreeServer(TREE) as server, pytest.raises(SystemExit) as end:
        run(server, local, *([] if option == "--run" else ["--delete"]), option, "")
    assert end.value.code == 2 and f"{option}: names no file" in capsys.readouterr().err
    assert os.listdir(local) == ["sub"] and os.listdir(local / "sub") == ["unwanted"]


@pytest.mark.parametrize("options, status", [(["-n"], 0), (["--progress"], 1)])
@pytest.mark.parametrize("close", [">&-", "2>&-", ">&- 2>&-"])
def test_closed_outputs(close, options, status, local):
    with TreeServer(TREE, {"RETR a": say("550 Permission denied")}) as server:
        url = f"ftp://user:password@127.0.0.1:{server.port}/"
        command = [sys.executable, "-m", "rftplib.mirror", "-j", "1", *options, url, str(local)]
        child = subprocess.run(
            ["sh", "-c", f'exec "$@" {close}', "sh", *command], capture_output=True, timeout=PATIENCE
        )
    assert child.returncode == status and b"Traceback" not in child.stderr
    assert child.stdout == b"" or options == ["-n"], "what is meant for stderr doesn't go there"


# before Python 3.11 a quote that isn't closed is part of a word
@pytest.mark.parametrize(
    "rest", ["login u passwrd hunter2\n", *['password "hunter2\n'] * (sys.version_info >= (3, 11))]
)
def test_a_netrc_that_isnt_understood(rest, local, tmp_path, monkeypatch, capsys):
    """It is named, and nothing of it is shown, which may be a password."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text(f"machine 127.0.0.1 {rest}")
    with TreeServer(TREE) as server:
        assert _cli.main([f"ftp://127.0.0.1:{server.port}/", str(local), "-j", "1"]) == 2
    said = capsys.readouterr().err
    assert said.startswith(str(tmp_path / ".netrc")) and "isn't understood" in said and "hunter2" not in said


@pytest.mark.parametrize("option", ["--include", "--exclude"])
def test_a_pattern_that_isnt_understood(option, local, pathspec, capsys):
    assert _cli.main(["ftp://127.0.0.1:1/", str(local), option, "[z-a]"]) == 2
    assert f"{option[2:]}: a pattern of ['[z-a]'] isn't understood" in capsys.readouterr().err


def test_progress_without_a_terminal(local, capsys):
    with TreeServer(TREE) as server:
        assert run(server, local, "--progress", "--manifest", str(local / "SUMS"), "--verify", "auto") == 0
    assert "  sub/b\n" in (local / "SUMS").read_text()


def test_help():
    text = subprocess.run(
        [sys.executable, "-m", "rftplib.mirror", "--help"], capture_output=True, text=True, timeout=PATIENCE
    )
    assert text.returncode == 0 and "examples:" in text.stdout and "Exit status: 0" in text.stdout
    assert "?cafile=/path/ca.pem" in text.stdout and "?implicit=true" in text.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_the_program(number, local):
    """It ends within moments, and says how far it has come."""
    server = TreeServer(TREE, {"RETR sub/b": lambda session: (server.note("silent"), fall_silent(session))})
    with server:
        url = f"ftp://user:password@127.0.0.1:{server.port}/"
        command = [sys.executable, "-m", "rftplib.mirror", url, str(local), "-j", "1"]
        child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        server.wait_for("silent")
        child.send_signal(number)
        _, said = child.communicate(timeout=PATIENCE)
        assert child.returncode == 130
        assert "1 copied (1 bytes)" in said and "stopped before the end" in said and "Traceback" not in said
        server.let_go()
    assert (local / "a").read_bytes() == b"1" and os.listdir(local / "sub") == []


HALT = """
import sys, time
class Halt:
    def find_spec(self, name, path=None, target=None):
        if name == {name!r}:
            print("here", flush=True)
            for _ in range(600):
                time.sleep(0.1)  # a signal right before one of them is seen after it
sys.meta_path.insert(0, Halt())
"""


@pytest.mark.parametrize("name", ["rftplib._ftp", "rftplib.mirror._planning", "rftplib.mirror._cli"])
def test_ctrl_c_while_it_is_imported(name, tmp_path):
    """Without a word, as whatever is broken off; Python 3.9 doesn't tell a module early what it is imported for."""
    if sys.version_info < (3, 10) and name != "rftplib.mirror._cli":
        pytest.skip("sys.orig_argv is of Python 3.10")
    (tmp_path / "sitecustomize.py").write_text(HALT.format(name=name))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "rftplib.mirror", "--help"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, text=True, cwd=tmp_path, **pipes) as child:
        assert child.stdout.readline() == "here\n"
        child.send_signal(signal.SIGINT)
        assert child.communicate(timeout=PATIENCE) == ("", "")
    assert child.returncode == (130 if name == "rftplib.mirror._cli" else -signal.SIGINT)


def test_ctrl_c_in_a_program_that_imports_it_is_its_own(tmp_path):
    text = "import rftplib.mirror, signal; assert signal.getsignal(signal.SIGINT) is signal.default_int_handler"
    (tmp_path / "__main__.py").write_text(text)
    (tmp_path / "__init__.py").write_text(text)
    command = [sys.executable, "-m", tmp_path.name, "-m", "rftplib.mirror"]
    subprocess.run(command, cwd=tmp_path.parent, check=True, timeout=PATIENCE)
