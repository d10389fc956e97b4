"""Downloads: what is verified, kept, told and left."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import signal
import socket
import ssl

import pytest
import rftplib
from rftplib import error_perm, error_proto, error_temp
from rftplib.transfer import Retry, TransferError, get, put
from rftplib.transfer._attempts import may_pass
from support.file_server import AT_ONCE, DATA, TIME, FileServer, cut_after, feat, retr

SHA256 = hashlib.sha256(DATA).hexdigest()
ONCE = Retry(attempts=1)


def test_a_file_got_has_its_time(local):
    with FileServer({"a": DATA}) as server:
        done = get(server.url, "a", str(local / "b"))
    assert (local / "b").read_bytes() == DATA
    assert os.stat(local / "b").st_mtime == TIME
    assert done[:4] == (str(local / "b"), len(DATA), 0, 1)
    assert (done.digest, done.verified, done.modified.timestamp()) == (None, "size", TIME)
    assert done.seconds > 0
    with pytest.raises(AttributeError):
        done.size = 0


def test_the_time_need_not_be_kept(local):
    with FileServer({"a": DATA}) as server:
        get(server.site, "a", local / "a", keep=())
    assert os.stat(local / "a").st_mtime != TIME


@pytest.mark.parametrize("size", [0, 1, 16 * 1024, 16 * 1024 + 1])
def test_sizes(local, size):
    with FileServer({"a": DATA[:size]}) as server:
        assert get(server.site, "a", local / "a").size == size
    assert (local / "a").read_bytes() == DATA[:size]


def test_an_older_file_is_replaced_at_the_end(local):
    (local / "a").write_bytes(b"old")
    with FileServer({"a": DATA}, {"RETR": cut_after(100)}) as server:
        with pytest.raises((OSError, EOFError)):
            get(server.site, "a", local / "a", retry=ONCE)
        assert (local / "a").read_bytes() == b"old"
        server.replies["RETR"] = retr()
        get(server.site, "a", local / "a")
    assert (local / "a").read_bytes() == DATA


# --------------------------------------------------------------------------------------------------- retried


REFUSALS = [b"450 busy\r\n", b"425 no data connection\r\n", b"426 cut\r\n", b"451 local error\r\n", b"rubbish\r\n"]
# Pure-FTPd's final reply, after a cut, may be the rest of a preliminary one
ENDS = [b"150 0.947 seconds\r\n", b"426 cut\r\n", b"451 disk\r\n"]


@pytest.mark.parametrize("failure", [*REFUSALS, *(retr(last=last) for last in ENDS)])
def test_what_may_pass_is_tried_again(local, failure):
    failures = iter([failure])
    with FileServer({"a": DATA}) as server:
        server.replies["RETR"] = lambda session: session.perform(next(failures, retr()))
        assert get(server.site, "a", local / "a", retry=AT_ONCE).attempts == 2
    assert (local / "a").read_bytes() == DATA


@pytest.mark.parametrize("failure", [b"550 no\r\n", b"452 full\r\n", b"530 not for you\r\n"])
def test_what_won_t_pass_is_not(local, failure):
    with FileServer({"a": DATA}, {"RETR": failure}) as server:
        with pytest.raises((error_perm, error_temp), match=f"{failure[:3].decode()} .*getting 'a'"):
            get(server.site, "a", local / "a", retry=AT_ONCE)
        assert server.happened.count("RETR") == 1
    assert os.listdir(local) == []


BEFORE = [EOFError(), ConnectionResetError(errno.ECONNRESET, ""), ssl.SSLEOFError(), ssl.SSLZeroReturnError()]
BEFORE += [socket.gaierror(socket.EAI_AGAIN, "later")]
AFTER = [ssl.SSLError(1, "wrong version number"), socket.gaierror(socket.EAI_NONAME, "unknown")]
NEVER = [ssl.SSLCertVerificationError(), io.UnsupportedOperation(), PermissionError(errno.EACCES, "", "file")]


@pytest.mark.parametrize("error", [*BEFORE, *AFTER, *NEVER], ids=repr)
def test_what_may_pass_before_there_has_been_a_connection_and_after(error):
    """A name that isn't known, or a server without TLS, is told at once; where it has worked before, it may again."""
    assert (may_pass(error, False), may_pass(error, True)) == (error in BEFORE, error not in NEVER)


def test_rubbish_is_taken_once_only(local):
    with FileServer({"a": DATA}, {"RETR": b"rubbish\r\n"}) as server:
        with pytest.raises(error_proto, match="rubbish"):
            get(server.site, "a", local / "a", retry=AT_ONCE)
        assert server.happened.count("RETR") == 2


def test_attempts_without_progress_count(local):
    """Each attempt but every second one brings a few bytes more; three in a row without any are too many."""
    script = [cut_after(40_000), b"450 busy\r\n"] * 8
    replies = iter(script)
    with FileServer({"a": DATA}) as server:
        server.replies["RETR"] = lambda session: session.perform(next(replies, retr()))
        done = get(server.site, "a", local / "a", retry=Retry(attempts=3, base=0))
        assert done.attempts > 10
        server.replies["RETR"] = b"450 busy\r\n"
        server.happened.clear()
        with pytest.raises(error_temp, match="450 busy"):
            get(server.site, "a", local / "b", retry=Retry(attempts=3, base=0))
        assert server.happened.count("RETR") == 3
    assert (local / "a").read_bytes() == DATA


def test_the_same_bytes_again_are_no_progress(local):
    """A server without REST that cuts each attempt at the same place."""
    with FileServer({"a": DATA}, {"REST": b"502 no\r\n", "RETR": cut_after(100_000)}) as server:
        with pytest.raises((OSError, EOFError)):
            get(server.site, "a", local / "a", retry=Retry(attempts=3, base=0))
        assert 3 <= len(server.retrieved) <= 4


def test_pauses_grow_and_are_random():
    retry = Retry(base=1, cap=10)
    for failures, most in ((1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (1000, 10)):
        pauses = [retry.pause(failures) for _ in range(200)]
        assert 0 <= min(pauses) < most / 4 and most * 3 / 4 < max(pauses) <= most


def test_get_with_a_client_of_the_caller_s_is_one_attempt(local):
    with FileServer({"a": DATA}, {"RETR": cut_after(100_000)}) as server:
        with server.site.open() as ftp, pytest.raises((OSError, EOFError), match="100000 of 300000 bytes are in"):
            get(ftp, "a", local / "a")
        assert len(server.retrieved) == 1


def test_the_control_connection_is_lost_after_the_last_byte(local, caplog):
    """A client's own: the size is right, so the file is. A Site's is replaced, and asked once more."""
    lost = "reading the reply to RETR a, of which all bytes have come, failed: "
    with FileServer({"a": DATA}, {"RETR": cut_after(len(DATA))}) as server:
        with server.site.open() as ftp:
            assert get(ftp, "a", local / "a").verified == "size"
        (record,) = [one for one in caplog.records if one.getMessage().startswith(lost)]
        assert (record.name, record.levelname) == ("rftplib.control", "WARNING")
        caplog.clear()
        server.replies["RETR"] = [cut_after(len(DATA))]
        ends = iter([cut_after(len(DATA))])
        server.replies["RETR"] = lambda session: session.perform(next(ends, retr()))
        assert get(server.site, "a", local / "b", retry=AT_ONCE).attempts == 2
    assert not [text for text in caplog.messages if text.startswith(lost)]
    assert (local / "a").read_bytes() == (local / "b").read_bytes() == DATA


# --------------------------------------------------------------------------------------------------- told


class Bar:
    def __init__(self):
        self.told, self.size = [], None

    def set_size(self, size):
        self.size = size

    def relative_update(self, change):
        self.told.append(change)


def test_progress_of_get(local):
    bar = Bar()
    with FileServer({"a": DATA}) as server:
        get(server.site, "a", local / "a", progress=bar)
    assert (bar.size, sum(bar.told)) == (len(DATA), len(DATA))


def test_progress_of_what_was_there_and_of_what_is_begun_anew(local):
    bar = Bar()
    with FileServer({"a": DATA}, {"RETR": cut_after(100_000)}) as server:
        with pytest.raises((OSError, EOFError)):
            get(server.site, "a", local / "a", retry=ONCE)
        server.replies["RETR"] = retr()
        get(server.site, "a", local / "a", progress=bar)
        assert bar.told[0] == 100_000
        assert sum(bar.told) == len(DATA)


@pytest.mark.parametrize("progress", [True, print, object()], ids=["True", "print", "object"])
def test_progress_that_cant_be_told_anything(local, source, progress):
    with FileServer({"a": DATA}) as server:
        for job in (
            lambda: get(server.site, "a", local / "a", progress=progress),
            lambda: put(server.site, source, "b", progress=progress),
        ):
            with pytest.raises(TypeError, match=r"an object with set_size\(n\) and relative_update\(n\)"):
                job()
        assert server.sessions == []


@pytest.mark.parametrize("error", [OSError("enough"), ConnectionResetError("enough"), error_perm("550 enough"),
                                   error_temp("450 enough"), EOFError("enough"), KeyError("enough")])  # fmt: skip
@pytest.mark.parametrize("call", [0, 1])
def test_what_progress_raises_ends_the_transfer(local, error, call):
    """It is nobody else's: neither a refusal of REST nor a lost connection."""

    class Stopping(Bar):
        def relative_update(self, change):
            super().relative_update(change)
            if len(self.told) > call:
                raise error

    with FileServer({"a": DATA}, {"RETR": cut_after(100_000)}) as server:
        with pytest.raises((OSError, EOFError)):
            get(server.site, "a", local / "a", retry=ONCE)
        server.replies["RETR"] = retr()
        for job in (
            lambda: get(server.site, "a", local / "a", progress=Stopping(), retry=AT_ONCE),
            lambda: put(server.site, io.BytesIO(DATA), "b", progress=Stopping(), retry=AT_ONCE),
        ):
            before = len(server.sessions)
            with pytest.raises(type(error)) as caught:
                job()
            assert caught.value is error
            assert len(server.sessions) == before + 1
        assert list(server.files) == ["a"], "nothing is left of an upload that can't be continued"
    assert not (local / "a").exists()


# --------------------------------------------------------------------------------------------------- errors


def test_get_of_what_is_not_there(local):
    with FileServer({}) as server, pytest.raises(error_perm, match="550 no such file.*getting 'a b'"):
        get(server.site, "a b", local / "a")
    assert os.listdir(local) == []


def test_no_such_directory_here(local):
    with FileServer({"a": DATA}) as server:
        with pytest.raises(FileNotFoundError, match="has to be made first"):
            get(server.site, "a", local / "missing" / "a")
        with pytest.raises(IsADirectoryError):
            get(server.site, "a", local)
        with pytest.raises(OSError, match="name too long"):
            get(server.site, "a", local / ("n" * 256))
        assert server.sessions == [], "nothing was asked"


def test_a_directory_here_that_may_not_be_written_into(local, monkeypatch):
    """Asked of a system that says so, as tests may be run by root."""
    real = os.open

    def refuse(path, *args, **options):
        if str(path).endswith(".part"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    with FileServer({"a": DATA}) as server:
        with pytest.raises(
            PermissionError, match="getting 'a' from .*: is the directory there, and may this user write"
        ):
            get(server.site, "a", local / "a", retry=AT_ONCE)


def test_what_is_no_file_is_not_replaced(local):
    os.mkfifo(local / "pipe")
    with FileServer({"a": DATA}) as server:
        for path in (local / "pipe", "/dev/null"):
            with pytest.raises(OSError, match="give an open file object"):
                get(server.site, "a", path)
        assert server.sessions == []


def test_a_directory_there(local):
    mlst = b"250-Listing\r\n Type=dir;Modify=20200913122640; a\r\n250 End\r\n"
    with FileServer({}, {"MLST": mlst, "FEAT": feat("MLST type*;modify*;")}) as server:
        with pytest.raises(IsADirectoryError, match="a directory on the server"):
            get(server.site, "a", local / "a", retry=AT_ONCE)


def test_names_that_can_t_be_asked_for(local):
    with FileServer({"a": DATA}) as server:
        for name in ("a\r\nDELE a", "a\nb", "", "a/", ".", "..", "a/.", "a/.."):
            with pytest.raises(ValueError):
                get(server.site, name, local / "a")
        with pytest.raises(TypeError):
            get(server.site, b"a", local / "a")
        assert server.sessions == []


@pytest.mark.parametrize(
    "wrong", [{"verify": "md5"}, {"verify": "sha256:12"}, {"keep": "mode"}, {"rate": 0}, {"rate": float("nan")},
              {"rate": float("inf")}, {"rate": 10**400}, {"rate": -1},
              {"retry": Retry(attempts=0)}, {"retry": Retry(base=-1)}, {"retry": Retry(cap=-1)}]
)  # fmt: skip
def test_what_makes_no_sense(local, wrong):
    with FileServer({"a": DATA}) as server:
        with pytest.raises(ValueError):
            get(server.site, "a", local / "a", **wrong)
        assert server.sessions == []


@pytest.mark.parametrize("rate", [True, "1", 1j])
def test_rates_of_another_type(local, rate):
    with FileServer({"a": DATA}) as server:
        for job in (
            lambda: get(server.site, "a", local / "a", rate=rate),
            lambda: put(server.site, "a", "a", rate=rate),
        ):
            with pytest.raises(TypeError, match="rate is a number"):
                job()
        assert server.sessions == []


def test_two_at_once_into_one_file(local):
    """The second is told: it doesn't write into the part of the first."""
    caught = []

    def begin_another(data, offset):
        try:
            get(server.site, "a", local / "a", retry=ONCE)
        except TransferError as error:
            caught.append(str(error))
        return data[offset:]

    downloads = iter([retr(begin_another)])
    with FileServer({"a": DATA}) as server:
        server.replies["RETR"] = lambda session: session.perform(next(downloads, retr()))
        get(server.site, "a", local / "a", retry=AT_ONCE)
    assert "another transfer is writing" in caught[0]
    assert (local / "a").read_bytes() == DATA


def test_a_link_in_the_place_of_the_part_is_not_followed(local, tmp_path):
    with FileServer({"a": DATA}, {"RETR": cut_after(100_000)}) as server:
        with pytest.raises((OSError, EOFError)):
            get(server.site, "a", local / "a", retry=ONCE)
        (name,) = os.listdir(local)
        (local / name).rename(tmp_path / "elsewhere")
        (local / name).symlink_to(tmp_path / "elsewhere")
        server.replies["RETR"] = retr()
        with pytest.raises(OSError):
            get(server.site, "a", local / "a", retry=AT_ONCE)
    assert (tmp_path / "elsewhere").read_bytes() == DATA[:100_000]


def test_a_part_that_has_another_name_too_is_not_written_to(local, tmp_path):
    """As after a backup by hard links, of what a transfer that was broken off has left."""
    with FileServer({"a": DATA}, {"RETR": cut_after(100_000)}) as server:
        with pytest.raises((OSError, EOFError)):
            get(server.site, "a", local / "a", retry=ONCE)
        (name,) = os.listdir(local)
        os.link(local / name, tmp_path / "backup")
        server.replies["RETR"] = retr()
        assert get(server.site, "a", local / "a", retry=ONCE).resumed_at == 0
    assert os.listdir(local) == ["a"] and (local / "a").read_bytes() == DATA
    assert (tmp_path / "backup").read_bytes() == DATA[:100_000]


def test_a_full_disk(local):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    old = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    with FileServer({"a": DATA}) as server:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))
        try:
            with pytest.raises(OSError, match="100000 of 300000 bytes are in") as caught:
                get(server.site, "a", local / "a", retry=AT_ONCE)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, old)
        assert caught.value.errno == 27, "EFBIG, as ENOSPC would be"
        assert len(server.retrieved) == 1
        assert get(server.site, "a", local / "a").resumed_at == 100_000
    assert (local / "a").read_bytes() == DATA


def test_a_certificate_that_is_wrong_is_not_tried_again(local):
    with FileServer({"a": DATA}) as server:
        site = rftplib.session.Site(server.url.replace("ftp:", "ftpes:"), timeouts=10)
        with pytest.raises(ssl.SSLCertVerificationError):
            get(site, "a", local / "a", retry=AT_ONCE)
        assert len(server.sessions) == 1
