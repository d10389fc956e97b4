"""The end of a data connection: regular, irregular, missing. The reply decides; a truncated file is never whole."""

from __future__ import annotations

import ftplib
import io
import os
import ssl

import pytest
import rftplib
from rftplib.tls import FTPS
from support.clients import context
from support.ftps import content
from support.hostile_ftps import TELLS_EOF
from tls.ends import (
    DATA,
    READERS,
    SIZE,
    VERSIONS,
    Recipe,
    Sink,
    Suppressing,
    as_reader,
    login,
    payload_for,
    suppressed,
    tells_eof,
)


@READERS
@pytest.mark.parametrize("end", ["notify", "eof", "mid-record"])
def test_download_that_the_server_calls_complete(hostile, ftp, reader, end):
    """No size was announced: without close_notify somebody on the way can have cut it off, whatever the reply says."""
    hostile.payload, hostile.end = payload_for(reader), end
    ftp.encoding = "latin-1"
    for accepted in (False, True):
        ftp.accept_ragged_end = accepted
        sink = Sink(hostile, len(hostile.payload))
        if end == "notify" or accepted or not tells_eof(ftp):
            assert as_reader(reader)(ftp, sink) == "226 done"
        else:
            with pytest.raises(ssl.SSLEOFError, match="EOF occurred in violation of protocol"):
                as_reader(reader)(ftp, sink)
        assert reader == "memory" or sink.data == hostile.payload
        assert ftp.voidcmd("NOOP").startswith("200"), "the reply has been read"


@READERS
@VERSIONS
def test_ftps_never_takes_a_ragged_end(hostile, version, reader):
    """Nor where Python 3.9 hides it, nor where a script suppresses unwrap(); and it refuses to be told to."""
    hostile.payload, hostile.end = payload_for(reader), "eof"
    ftp = login(hostile, version, Suppressing)
    try:
        for how in ("", "module", "instance"):
            with suppressed(ftp, how), pytest.raises(ssl.SSLEOFError):
                as_reader(reader)(ftp, Sink(hostile, len(hostile.payload)))
            assert ftp.voidcmd("NOOP").startswith("200"), "the reply has been read"
        ftp.accept_ragged_end = True
        with pytest.raises(ValueError, match="accept_ragged_end is refused"):
            ftp.transfercmd("RETR x")
    finally:
        ftp.close()


@READERS
@pytest.mark.parametrize("how", ["module", "instance", "class"])
def test_scripts_that_suppress_unwrap_get_the_outcome_of_ftplib(hostile, reader, how):
    """Printers' and weather stations' recipes: nothing of the end is looked at, and the reply decides."""
    hostile.payload, hostile.end = payload_for(reader), "eof"
    outcomes = []
    for lib in (ftplib, rftplib):
        ftp = login(hostile, None, type("Client", (Recipe, lib.FTP_TLS), {}))
        try:
            with suppressed(ftp, how, lib):
                sink = Sink(hostile, len(hostile.payload))
                outcomes.append((as_reader(reader)(ftp, sink), bytes(sink.data), ftp.voidcmd("NOOP")))
        finally:
            ftp.close()
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][:2] == ("226 done", hostile.payload)


@pytest.mark.parametrize("end", ["notify", "eof", "mid-record", "reset"])
def test_download_of_the_announced_size(hostile, ftp, end):
    hostile.payload, hostile.end, hostile.announced = DATA, end, SIZE % len(DATA)
    sink = Sink(hostile, len(DATA))
    assert ftp.retrbinary("RETR x", sink) == "226 done"
    assert sink.data == DATA
    assert ftp.voidcmd("NOOP").startswith("200")


def test_reset_after_a_download_of_unknown_size_is_an_error_as_in_ftplib(hostile, ftp):
    """What the reset took with it, nobody knows."""
    hostile.payload, hostile.end = DATA, "reset"
    sink = Sink(hostile, len(DATA))
    with pytest.raises(OSError):
        ftp.retrbinary("RETR x", sink)
    assert sink.data == DATA
    assert ftp.voidresp() == "226 done"


@READERS
@pytest.mark.parametrize("end", ["notify", "eof", "mid-record"])
@pytest.mark.parametrize(
    "final, error", [(b"426 cut\r\n", ftplib.error_temp), (b"550 no\r\n", ftplib.error_perm)], ids=["426", "550"]
)
def test_download_that_the_server_calls_failed(hostile, ftp, reader, end, final, error):
    hostile.payload, hostile.end, hostile.final = payload_for(reader), end, final
    with pytest.raises(error, match=final.decode().strip()):
        as_reader(reader)(ftp, Sink(hostile, len(DATA)))
    assert ftp.voidcmd("NOOP").startswith("200")


def test_no_reply_after_an_irregular_end(hostile, ftp):
    """The first error is raised: that of the data connection; the missing reply is its context."""
    hostile.payload, hostile.end, hostile.final = DATA, "eof", None
    with pytest.raises(ssl.SSLError if tells_eof(ftp) else (EOFError, ConnectionError)) as caught:
        ftp.retrbinary("RETR x", lambda block: None)
    assert not tells_eof(ftp) or isinstance(caught.value.__context__, (EOFError, ConnectionError))


def test_no_reply_after_a_regular_end(hostile, ftp):
    hostile.payload, hostile.final = DATA, None
    with pytest.raises((EOFError, ConnectionError)):
        ftp.retrbinary("RETR x", lambda block: None)


@pytest.mark.parametrize("kind", ["ssl", "native"])
@pytest.mark.parametrize("end", ["close", "eof", "reset"])
@pytest.mark.parametrize("announced", ["all", "more", "nothing"])
def test_the_table_of_ends(hostile, kind, end, announced):
    """As docs/ftps.md has it: what was received decides, whenever the end comes."""
    hostile.payload, hostile.end, hostile.lingers = DATA, end, 0.05
    if announced != "nothing":
        hostile.announced = SIZE % (len(DATA) + (announced == "more"))
    made = context(kind)
    for cls in (rftplib.FTP_TLS, FTPS):
        ftp = cls(context=made, timeout=10)
        ftp.connect("localhost", hostile.address[1])
        ftp.login("user", "secret")
        ftp.prot_p()
        hostile.taken.clear()
        sink = Sink(hostile, len(DATA))
        hidden = kind == "ssl" and end != "reset" and cls is not FTPS and not TELLS_EOF
        if announced == "all" or announced == "nothing" and hidden:
            assert ftp.retrbinary("RETR x", sink) == "226 done"
        else:
            # Python 3.10 and 3.11 may report a reset as an EOF
            with pytest.raises(OSError if end == "reset" else ssl.SSLEOFError):
                ftp.retrbinary("RETR x", sink)
        assert sink.data == DATA
        ftp.close()


@pytest.mark.parametrize("kind", ["plain", "ssl", "native"])
@pytest.mark.parametrize("missing", [0, 1])
def test_check_size(hostile, kind, missing):
    """Opt-in, but for FTPS: fewer bytes than the 150 announced, a regular end, and 226."""
    hostile.payload = payload_for("lines")
    size = len(hostile.payload)
    hostile.announced = SIZE % (size + missing)
    made = context("ssl" if kind == "plain" else kind)
    for cls, check in ((rftplib.FTP, False), (rftplib.FTP, True), (FTPS, None), (FTPS, False)):
        if (kind == "plain") is not (cls is rftplib.FTP):
            continue
        ftp = cls(timeout=10) if kind == "plain" else cls(context=made, timeout=10)
        if check is not None:
            ftp.check_size = check
        ftp.connect("localhost", hostile.address[1])
        ftp.login("user", "secret")
        expected = EOFError if kind == "plain" else ssl.SSLEOFError
        if missing and check is not False:
            with pytest.raises(expected, match=f"{size} bytes received of at least {size + 1} announced"):
                ftp.retrbinary("RETR x", lambda block: None)
            hostile.final = b"426 the disk has failed\r\n"
            with pytest.raises(ftplib.error_temp):
                ftp.retrbinary("RETR x", lambda block: None)
            hostile.final = b"226 done\r\n"
        else:
            assert ftp.retrbinary("RETR x", lambda block: None) == "226 done"
        got = []
        ftp.retrlines("RETR x", got.append)  # in TYPE A sizes say nothing
        assert ftp.voidcmd("NOOP").startswith("200"), "all replies have been read"
        ftp.close()


# --- truncated files


@pytest.mark.parametrize("end", ["eof", "mid-record"])
@pytest.mark.parametrize("target", ["blocks", "memory"])
def test_truncated_download_is_an_error_whatever_the_reply(hostile, ftp, end, target):
    hostile.payload, hostile.end, hostile.announced = DATA, end, SIZE % (len(DATA) + 1)
    sink = Sink(hostile, len(DATA) + 1)
    with pytest.raises(ssl.SSLEOFError, match=f"{len(DATA)} bytes received of at least {len(DATA) + 1} announced"):
        ftp.retrbinary("RETR x", sink if target == "blocks" else sink.data.extend)
    assert sink.data == DATA
    assert issubclass(ssl.SSLEOFError, rftplib.all_errors)
    assert ftp.voidcmd("NOOP").startswith("200"), "the reply has been read"


def test_truncated_by_a_reset(hostile, ftp):
    hostile.payload, hostile.end, hostile.announced = DATA, "reset", SIZE % (len(DATA) + 1)
    with pytest.raises(OSError):
        ftp.retrbinary("RETR x", Sink(hostile, len(DATA)))


def test_truncated_and_the_server_says_so(hostile, ftp):
    hostile.payload, hostile.end, hostile.announced = DATA, "eof", SIZE % (len(DATA) + 1)
    hostile.final = b"426 failed to read the file\r\n"
    with pytest.raises(rftplib.error_temp, match="426"):
        ftp.retrbinary("RETR x", lambda block: None)


def test_shorter_than_announced_with_close_notify_is_what_the_server_says(hostile, ftp):
    """A file may shrink; close_notify vouches that nothing was cut off, where it can be told from an EOF."""
    hostile.payload, hostile.announced = DATA, SIZE % (len(DATA) + 1)
    if tells_eof(ftp) or os.environ.get("RFTPLIB_NATIVE") != "0":
        assert ftp.retrbinary("RETR x", lambda block: None) == "226 done"
    else:
        with pytest.raises(ssl.SSLEOFError, match="announced"):
            ftp.retrbinary("RETR x", lambda block: None)


@pytest.mark.parametrize("announced", [1_000_000, 1_000_000 - 600_000], ids=["whole", "rest"])
def test_restarted_download(hostile, ftp, announced):
    """After REST some servers announce the size of the file, others what is left of it."""
    hostile.payload, hostile.end, hostile.announced = content(400_000), "eof", SIZE % announced
    assert ftp.retrbinary("RETR x", lambda block: None, rest=600_000) == "226 done"
    hostile.announced = SIZE % 1_000_000
    with pytest.raises(ssl.SSLEOFError, match="400000 bytes received of at least 400001"):
        ftp.retrbinary("RETR x", lambda block: None, rest=599_999)


def test_restart_marker_that_is_no_offset(hostile, ftp):
    """Then no size is known."""
    ftp.accept_ragged_end = True
    hostile.payload, hostile.end, hostile.announced = DATA, "eof", SIZE % (len(DATA) + 1)
    assert ftp.retrbinary("RETR x", lambda block: None, rest="block-7") == "226 done"


def test_sizes_say_nothing_in_text_mode(hostile, ftp):
    ftp.accept_ragged_end = True
    hostile.payload, hostile.end, hostile.announced = b"one\r\ntwo\r\n", "eof", SIZE % 1000
    assert ftp.retrlines("RETR x", lambda line: None) == "226 done"


@pytest.mark.parametrize("how", ["module", "instance", "class"])
def test_truncated_download_shows_without_unwrap(hostile, how):
    """Scripts that suppress unwrap() give up close_notify, not the size."""
    ftp = login(hostile, cls=type("Client", (Recipe, rftplib.FTP_TLS), {}))
    try:
        hostile.payload, hostile.end, hostile.announced = DATA, "eof", SIZE % (len(DATA) + 1)
        with suppressed(ftp, how), pytest.raises(ssl.SSLEOFError, match="announced"):
            ftp.retrbinary("RETR x", lambda block: None)
        hostile.announced = SIZE % len(DATA)
        with suppressed(ftp, how):
            assert ftp.retrbinary("RETR x", lambda block: None) == "226 done"
    finally:
        ftp.close()


# --- who calls unwrap()


def test_unwrap_is_called_as_an_attribute_of_the_connection(hostile):
    calls = []

    class Client(rftplib.FTP_TLS):
        def ntransfercmd(self, cmd, rest=None):
            conn, size = super().ntransfercmd(cmd, rest)
            unwrap = conn.unwrap
            conn.unwrap = lambda: calls.append(cmd) or unwrap()
            return conn, size

    ftp = login(hostile, cls=Client)
    try:
        ftp.retrbinary("RETR x", lambda block: None)
        ftp.nlst()
        ftp.storbinary("STOR x", io.BytesIO(b"data"))
        ftp.storlines("STOR y", io.BytesIO(b"data"))
    finally:
        ftp.close()
    assert calls == ["RETR x", "NLST", "STOR x", "STOR y"]


def test_unwrap_of_a_mock():
    """A test double of a connection gets what ftplib does to it, and no more."""
    from unittest import mock

    conn = mock.MagicMock(spec=ssl.SSLSocket)
    conn.recv.side_effect = [b"data", b""]
    conn.__enter__.return_value = conn
    ftp = rftplib.FTP_TLS()
    ftp.voidcmd, ftp.voidresp, ftp.transfercmd = mock.Mock(), mock.Mock(return_value="226"), lambda cmd, rest: conn
    blocks = []
    assert ftp.retrbinary("RETR x", blocks.append) == "226"
    assert blocks == [b"data"]
    assert conn.method_calls == [mock.call.recv(8192), mock.call.recv(8192), mock.call.unwrap()]
