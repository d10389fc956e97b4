"""Uploads get their name at the end, and what had it before stays until then."""

from __future__ import annotations

import io

import pytest
import rftplib
from rftplib import error_perm, error_temp
from rftplib.transfer import Retry, TransferError, put
from support.actions import close
from support.file_server import AT_ONCE, DATA, TIME, File, FileServer, feat, mfmt, name_of, rnfr, rnto, store

pytestmark = pytest.mark.usefixtures("settled")


def files(server):
    return {name: bytes(file.content) for name, file in server.files.items()}


def test_without_a_temporary_name(source):
    with FileServer({"b": b"old"}) as server:
        put(server.site, source, "b", temporary=False)
        assert server.stored == [("STOR", "b", 0)]
        assert "RNFR" not in server.happened
        assert server.files["b"].seconds == TIME


def test_the_time_and_the_name_take_one_round_trip(source):
    """Which is also the shortest time in which the connection can be lost in between."""

    def late(action):
        def wait_for_the_rest(session):
            while b"RNTO" not in session.pending:
                session.wait_readable(session.conn)
                block = session.conn.recv(65536)
                assert block, "the client has waited for a reply"
                session.received += block
                session.pending += block
            action(session)

        return wait_for_the_rest

    with FileServer((), {"MFMT": late(mfmt), "RNFR": late(rnfr)}) as server:
        put(server.site, source, "b", retry=Retry(attempts=1))
        assert files(server) == {"b": DATA}
        assert server.files["b"].seconds == TIME


@pytest.mark.parametrize("temporary", [True, False])
@pytest.mark.parametrize(
    "offered, replies, level, told",
    [
        (["MFMT"], {"MFMT": b"550 not yours\r\n"}, "WARNING", "550 not yours"),
        (["MFMT"], {"MFMT": b"502-no\r\n never\r\n502 not at all\r\n"}, "WARNING", "502-no"),
        (["MDTM"], {"MDTM": b"550 no such file\r\n"}, "INFO", "550 no such file"),
        ([], {}, "INFO", "the server has no command for it"),
        (["MFMT"], {}, None, None),
        (["MDTM"], {"MDTM": b"213 File modification time set.\r\n"}, None, None),
    ],
)
def test_a_time_that_isn_t_kept_is_logged(source, caplog, offered, replies, level, told, temporary):
    caplog.set_level("INFO", "rftplib.control")
    with FileServer((), {"FEAT": feat("SIZE", *offered), **replies}) as server:
        put(server.site, source, "b", temporary=temporary, keep=())
        put(server.site, io.BytesIO(DATA), "b", temporary=temporary)
        assert "isn't kept" not in caplog.text, "where nobody wants it"
        put(server.site, source, "b", temporary=temporary)
        assert files(server) == {"b": DATA}
    records = [(one.levelname, one.getMessage()) for one in caplog.records if "isn't kept" in one.getMessage()]
    assert records == ([] if level is None else [(level, f"the time of b isn't kept: {told}")])


def test_overwriting_can_be_forbidden(source):
    with FileServer({"b": b"old"}) as server:
        with pytest.raises(FileExistsError, match="overwrite is False"):
            put(server.site, source, "b", overwrite=False, retry=AT_ONCE)
        assert (files(server), server.stored) == ({"b": b"old"}, [])
        put(server.site, source, "c", overwrite=False)
        assert bytes(server.files["c"].content) == DATA


NO_SIZE, NO_TIME = {"SIZE": b"502 not here\r\n"}, {"MDTM": b"502 not here\r\n"}


@pytest.mark.parametrize("replies", [NO_SIZE, NO_TIME, {**NO_SIZE, **NO_TIME}], ids=["SIZE", "MDTM", "both"])
def test_overwriting_is_forbidden_on_a_server_that_tells_little(source, replies):
    """A time shows that there is something, as a size does; where neither is told, a listing of the directory."""
    with FileServer({"b": b"old"}, {**replies, "LIST": listing}) as server:
        with pytest.raises(FileExistsError, match="overwrite is False"):
            put(server.site, source, "b", overwrite=False, verify="none", retry=AT_ONCE)
        assert (files(server), server.stored) == ({"b": b"old"}, [])
        put(server.site, source, "c", overwrite=False, verify="none", keep=())
        assert bytes(server.files["c"].content) == DATA


def test_a_directory_isn_t_overwritten(source):
    with FileServer() as server:
        server.directories.add("b")
        with pytest.raises(FileExistsError):
            put(server.site, source, "b", overwrite=False, retry=AT_ONCE)
        assert server.stored == []


def test_a_directory_is_told_before_anything_is_sent(source):
    mlst = b"250-Listing\r\n Type=dir;Modify=20200913122640; b\r\n250 End\r\n"
    with FileServer((), {"MLST": mlst, "FEAT": feat("MLST type*;modify*;")}) as server:
        with pytest.raises(IsADirectoryError, match="a directory on the server"):
            put(server.site, source, "b", retry=AT_ONCE)
        assert server.stored == []


def test_a_server_that_refuses_to_tell_what_it_can(source):
    with FileServer((), {"FEAT": b"550 Permission denied.\r\n"}) as server:
        ftp = rftplib.FTP(timeout=20)
        ftp.connect("127.0.0.1", server.port)
        ftp.login()
        put(ftp, source, "b", verify="none", keep=())
        ftp.close()
        assert bytes(server.files["b"].content) == DATA


def test_one_that_comes_up_meanwhile_stays(source):
    def another(session):
        session.server.files.setdefault("b", File(b"theirs"))
        session.say(b"226 stored\r\n")

    with FileServer((), {"STOR": store(append=False, last=another)}) as server:
        with pytest.raises(FileExistsError):
            put(server.site, source, "b", overwrite=False)
        assert bytes(server.files["b"].content) == b"theirs"


def test_one_that_comes_up_at_the_last_moment_stays(source):
    """Where a server renames onto no other file, it isn't put aside either."""

    def late(session):
        session.server.files["b"] = File(b"theirs")
        session.say(b"550 file exists\r\n")

    with FileServer((), {"RNTO": late}) as server:
        with pytest.raises(error_perm, match="550 file exists"):
            put(server.site, source, "b", overwrite=False, retry=AT_ONCE)
        assert bytes(server.files["b"].content) == b"theirs"
        assert "RNFR b" not in [line for line, _ in server.lines]


def test_nothing_is_put_aside_for_a_name_that_is_refused_for_another_reason(source):
    with FileServer({"b": b"old"}, {"RNTO": b"532 need an account\r\n"}) as server:
        with pytest.raises(error_perm, match="532 need an account"):
            put(server.site, source, "b", retry=AT_ONCE)
        assert bytes(server.files["b"].content) == b"old"
        assert "RNFR b" not in [line for line, _ in server.lines]


def rnto_unless_there(session):
    server = session.server
    if name_of(session) in server.files:
        session.say(b"550 file exists\r\n")
    else:
        server.files[name_of(session)] = server.files.pop(session.renamed)
        session.say(b"250 renamed\r\n")


def test_a_server_that_won_t_rename_onto_a_file(source):
    with FileServer({"b": b"old"}, {"RNTO": rnto_unless_there}) as server:
        put(server.site, source, "b")
        assert files(server) == {"b": DATA}


def test_a_name_that_is_refused_once_more(source):
    """The older file was put aside for it, and is back."""

    def rnto(session):
        if session.renamed.endswith(".part"):
            session.say(b"553 not that name\r\n")
        else:
            rnto_unless_there(session)

    with FileServer({"b": b"old"}, {"RNTO": rnto}) as server:
        with pytest.raises(error_perm, match="553 not that name"):
            put(server.site, source, "b", retry=AT_ONCE)
        assert server.happened.count("RNTO") == 4
        assert bytes(server.files["b"].content) == b"old"
        assert "DELE" not in server.happened


def test_the_connection_is_lost_while_an_older_file_is_aside(source):
    def rnto(session):
        rnto_unless_there(session)
        if name_of(session).endswith(".old"):
            close(session)

    with FileServer({"b": b"old"}, {"RNTO": rnto}) as server:
        with pytest.raises((OSError, EOFError), match="what was 'b' may be .*\\.old' now"):
            put(server.site, source, "b", retry=Retry(attempts=1))
        assert sorted(files(server).values()) == sorted([DATA, b"old"])
        put(server.site, source, "b", retry=AT_ONCE)
        assert bytes(server.files["b"].content) == DATA

    with FileServer({"b": b"old"}, {"RNTO": rnto}) as server:
        put(server.site, source, "b", retry=AT_ONCE)
        assert files(server) == {"b": DATA}


def test_a_name_that_is_refused(source):
    with FileServer({"b": b"old"}, {"RNTO": b"553 not that name\r\n"}) as server:
        with pytest.raises(error_perm, match="553 not that name.*putting .*/b' as 'b'.*next put"):
            put(server.site, source, "b", retry=AT_ONCE)
        assert bytes(server.files["b"].content) == b"old"


def test_a_name_that_was_given_before_the_connection_was_lost(source):
    def rename_and_go(session):
        session.server.files[name_of(session)] = session.server.files.pop(session.renamed)
        close(session)

    with FileServer((), {"RNTO": rename_and_go}) as server:
        done = put(server.site, source, "b", retry=AT_ONCE)
        assert (files(server), done.attempts, len(server.stored)) == ({"b": DATA}, 2, 1)
    assert done.verified == "size"


@pytest.mark.parametrize("kind", ["path", "object"])
def test_a_name_that_may_have_been_given_to_a_file_of_the_same_size(source, kind):
    """The old one has the right size, too: only a new upload is certain."""

    def lose_the_part(session):
        session.server.files.pop(session.renamed)
        session.server.replies["RNTO"] = rnto
        close(session)

    with FileServer({"b": DATA[::-1]}, {"RNTO": lose_the_part}) as server:
        done = put(server.site, source if kind == "path" else io.BytesIO(DATA), "b", retry=AT_ONCE)
        assert (files(server), done.attempts) == ({"b": DATA}, 2)


@pytest.mark.parametrize("old", [b"old", DATA[::-1]])
def test_a_part_that_is_lost_at_the_end_is_no_success(source, old):
    def rnfr_lost(session):
        session.server.files.pop(name_of(session))
        session.server.replies["RNFR"] = rnfr
        session.say(b"450 busy\r\n")

    with FileServer({"b": old}, {"RNFR": rnfr_lost, "RNTO": rnto_unless_asked_for}) as server:
        done = put(server.site, source, "b", retry=AT_ONCE)
        assert (files(server), done.attempts) == ({"b": DATA}, 2)


def rnto_unless_asked_for(session):
    if getattr(session, "renamed", None) in session.server.files:
        rnto(session)
    else:
        session.say(b"503 RNFR first\r\n")


@pytest.mark.parametrize("size", ["other", "same"])
@pytest.mark.parametrize("reply", ["500 what?", "502 no", "530 log in", "550 no", "553 no", "450 busy", "451 error"])
def test_renaming_that_is_never_possible_loses_nothing(source, reply, size):
    old = b"old" if size == "other" else DATA[::-1]
    with FileServer({"b": old}, {"RNTO": reply.encode() + b"\r\n"}) as server:
        with pytest.raises((error_perm, error_temp), match=f"{reply[:3]} .*next put"):
            put(server.site, source, "b", retry=AT_ONCE)
        assert sorted(files(server).values()) == sorted([DATA, old])
        assert bytes(server.files["b"].content) == old
        assert "DELE" not in server.happened


def test_an_older_file_that_can_not_be_put_back(source):
    """It is told of, whatever comes after; and is removed when the new one is there."""

    def only_aside(session):
        if name_of(session).endswith(".old"):
            rnto(session)
        else:
            session.say(b"553 not that name\r\n")

    with FileServer({"b": b"old"}, {"RNTO": only_aside}) as server:
        with pytest.raises(TransferError, match="can't be renamed .*553 .*what was 'b' may be .*\\.old' now"):
            put(server.site, source, "b", retry=Retry(attempts=1))
        assert sorted(files(server).values()) == sorted([DATA, b"old"])


def rnto_as_pure_ftpd_does(session):
    """Blanks at the ends and control characters become "_"."""
    above, slash, name = session.argument.rpartition("/")
    inner = name.strip(" ")
    at = name.find(inner)
    name = "_" * at + inner + "_" * (len(name) - at - len(inner))
    session.argument = above + slash + name.replace("\t", "_")
    rnto(session)


def listing(session):
    session.say(b"150 here it comes\r\n")
    conn = session.open_data()
    for name in session.server.files:
        session.send(conn, f"-rw-r--r-- 1 u g 4 Jan 01 2020 {name}\r\n".encode())
    session.end_data()
    session.say(b"226 done\r\n")


@pytest.mark.parametrize("name, twin", [("report ", "report_"), (" b", "_b"), ("a\tb", "a_b"), ("\t", "_")])
def test_a_name_that_the_server_changes_is_an_error(source, name, twin):
    """Nothing has that name then, and what has the other one stays."""
    replies = {"RNTO": rnto_as_pure_ftpd_does, "LIST": listing}
    with FileServer({twin: b"precious"}, replies) as server:
        with pytest.raises(TransferError, match=f"the server changes this name: it would be {twin!r} there"):
            put(server.site, source, name, retry=AT_ONCE)
        assert files(server) == {twin: b"precious"}
        server.replies["RNTO"] = rnto
        put(server.site, source, name)
        assert files(server) == {twin: b"precious", name: DATA}


@pytest.mark.parametrize("directory", ["", "/", "sub/", "/sub/"])
def test_a_changed_name_is_looked_for_in_its_directory(source, directory):
    replies = {"RNTO": rnto_as_pure_ftpd_does, "LIST": listing}
    with FileServer((), replies) as server:
        server.directories.update({"sub", "/sub"})
        with pytest.raises(TransferError, match="the server changes this name"):
            put(server.site, source, directory + "report ", retry=AT_ONCE)
        where = next(line for line, _ in server.lines if line.startswith("LIST"))
        assert where == f"LIST -a {directory.rstrip('/') or directory}".rstrip()
        assert files(server) == {}


@pytest.mark.parametrize("refusal", [b"550 not yours\r\n", b"550 interdit \xe0 tous\r\n"])
def test_a_name_that_can_t_be_tried_out_is_taken(source, refusal):
    """A directory that may not be listed, also where that is said in another encoding."""
    with FileServer((), {"LIST": refusal}) as server, rftplib.FTP(timeout=20) as ftp:
        ftp.connect("127.0.0.1", server.port)
        ftp.login()
        put(ftp, source, "report ")
        assert files(server) == {"report ": DATA}


def test_a_refusal_of_a_name_that_is_tried_out_is_told_of_the_name_itself(source):
    replies = {"RNTO": b"553 not allowed\r\n", "LIST": listing}
    with FileServer((), replies) as server:
        with pytest.raises(error_perm, match="553 not allowed"):
            put(server.site, source, "report ", retry=AT_ONCE)
        assert "LIST" not in server.happened, "it has no other name that could be seen"


def test_an_ordinary_name_is_not_tried_out(source):
    with FileServer((), {"LIST": listing}) as server:
        put(server.site, source, "an ordinary, file.txt")
        assert server.happened.count("RNTO") == 1 and "LIST" not in server.happened
