"""scandir(): which commands it sends, and what it makes of the answers."""

from __future__ import annotations

import ftplib
import time
from datetime import datetime, timedelta, timezone
from unittest import mock

import pytest
from rftplib.listing import ListingError, scandir
from support.listing_server import Scripted

MLSD = b"type=cdir; .\r\ntype=pdir; ..\r\ntype=file;size=12;modify=20200101000000; a\r\ntype=dir; b c\r\n"
ALL = b"drwxr-xr-x   2 0 0 4096 Apr  8  1994 .\r\ndrwxr-xr-x   2 0 0 4096 Apr  8  1994 ..\r\n"
LIST = b"-rw-r--r--   1 0 0 12 Apr  8  1994 a\r\ndrwxr-xr-x   2 0 0 4096 Apr  8  1994 b c\r\n"
NO_MLSD = {"FEAT": "211-Features:\r\n MDTM\r\n211 End"}
PAIRS = [("a", "file"), ("b c", "dir")]


def pairs(entries):
    return [(entry.path, entry.type) for entry in entries]


def listings(server):
    return server.asked("MLSD", "LIST", "CWD", "MDTM")


def test_mlsd_where_the_server_has_it(module):
    server = Scripted({"MLSD": MLSD})
    with server.client(module) as ftp:
        for path in ("", "/", "dir", "dir/", "with blank", "-a", "*"):
            prefix = path + "/" if path.strip("/") and not path.endswith("/") else path
            assert pairs(scandir(ftp, path)) == [(prefix + name, kind) for name, kind in PAIRS]
    commands = ["MLSD", "MLSD /", "MLSD dir", "MLSD dir/", "MLSD with blank", "MLSD -a", "MLSD *"]
    assert listings(server) == commands
    assert len(server.asked("FEAT")) == 1


def test_a_server_without_feat_may_have_mlsd(module):
    server = Scripted({"MLSD": MLSD}, FEAT="502 no")
    with server.client(module) as ftp:
        assert pairs(scandir(ftp)) == PAIRS
    assert listings(server) == ["MLSD"]


@pytest.mark.parametrize(
    "answers", [{"FEAT": "500 no"}, NO_MLSD, {}], ids=["no FEAT", "not in FEAT", "a FEAT that lies"]
)
def test_list_where_it_has_no_mlsd(module, answers):
    server = Scripted({"LIST": ALL + LIST}, **answers)
    with server.client(module) as ftp:
        assert pairs(scandir(ftp)) == PAIRS
        assert pairs(scandir(ftp, "d")) == [("d/a", "file"), ("d/b c", "dir")]
    assert [command for command in listings(server) if command != "MLSD"] == ["LIST -a", "LIST -a d"]
    assert len(server.asked("MLSD")) <= 1


@pytest.mark.parametrize("refusal", ["500 what?", "501 option", "504 -a", "550 -a: no such directory", "450 no"])
def test_list_where_the_option_is_refused(module, refusal):
    server = Scripted({"LIST": LIST}, **NO_MLSD, **{"LIST -a": refusal, "LIST -a d": refusal})
    with server.client(module) as ftp:
        assert pairs(scandir(ftp)) == PAIRS
        server.commands.clear()
        assert pairs(scandir(ftp, "d")) == [("d/a", "file"), ("d/b c", "dir")]
    # it isn't tried again
    assert listings(server) == ["CWD d", "LIST", "CWD /here"]


def test_list_where_the_option_is_taken_for_a_name(module):
    server = Scripted({"LIST -a": b"", "LIST -a d": b"", "LIST": LIST}, **NO_MLSD)
    with server.client(module) as ftp:
        assert pairs(scandir(ftp, "d")) == [("d/a", "file"), ("d/b c", "dir")]
    assert listings(server) == ["LIST -a d", "CWD d", "LIST -a", "LIST", "CWD /here"]


@pytest.mark.parametrize(
    "path", ["with blank", " leading", "-d", "*", "a[b]", "{a,b}", "~user", "tab\tin", "$HOME", "a\\b"]
)
def test_a_path_that_could_be_something_else_is_no_argument_of_list(module, path):
    server = Scripted({"LIST": ALL + LIST}, **NO_MLSD)
    with server.client(module) as ftp:
        assert pairs(scandir(ftp, path)) == [(f"{path}/a", "file"), (f"{path}/b c", "dir")]
    assert listings(server) == [f"CWD {path}", "LIST -a", "CWD /here"]


@pytest.mark.parametrize("has_mlsd", [True, False])
def test_an_empty_listing_proves_nothing(module, has_mlsd):
    answers = {} if has_mlsd else NO_MLSD
    missing = Scripted({"MLSD": b"", "LIST": b""}, **answers, CWD="550 no such directory")
    with missing.client(module) as ftp:
        for path in ("", "d"):
            with pytest.raises(ftplib.error_perm, match="550 no such directory"):
                scandir(ftp, path)
    # nor does it show itself elsewhere: so it never does
    there = Scripted({"MLSD": b"", "LIST": b""}, **answers, **{"LIST -a /": "550 no"})
    with there.client(module) as ftp:
        assert list(scandir(ftp)) == [] == list(scandir(ftp, "d"))
    assert there.asked("CWD")[-2:] == ["CWD d", "CWD /here"]
    itself = Scripted({"MLSD": b"type=cdir; .\r\n", "LIST": ALL}, **answers, CWD="550 is not asked")
    with itself.client(module) as ftp:
        assert list(scandir(ftp)) == [] == list(scandir(ftp, "d"))


def test_one_entry_may_be_a_file_of_that_name(module):
    server = Scripted({"MLSD": b"type=file; d\r\n", "LIST": LIST[:40]}, CWD="550 not a directory")
    with server.client(module) as ftp, pytest.raises(ftplib.error_perm, match="not a directory"):
        scandir(ftp, "d")


def test_a_directory_that_can_be_entered_but_not_read(module):
    # what vsftpd and ProFTPD answer then
    server = Scripted({"LIST": b"", "LIST -a /": ALL}, **NO_MLSD)
    with server.client(module) as ftp:
        for path in ("d", "with blank", "d"):
            with pytest.raises(ListingError, match="can't read"):
                scandir(ftp, path)
        assert ftp.sendcmd("NOOP") == "200 noop"
    assert server.asked("CWD")[-1] == "CWD /here"
    assert server.commands.count("LIST -a /") == 1


@pytest.mark.parametrize(
    "text", ["226 Transfer done (but failed to open directory).", "226-Sorry, unable to read [.]\r\n226 0"]
)
def test_a_226_may_say_that_nothing_was_read(module, text):
    server = Scripted({"LIST": b""}, **NO_MLSD, **{"LIST -a": "500 no", "LIST -a d": "500 no"})
    server.final = text.encode() + b"\r\n"
    with server.client(module) as ftp, pytest.raises(ListingError, match="can't read"):
        scandir(ftp, "d")


def test_a_transfer_that_fails_is_not_tried_without_the_option(module):
    for reply in ("425 no data connection", "426 aborted", "451 disk", "552 too much"):
        server = Scripted({"LIST": LIST}, **NO_MLSD, **{"LIST -a d": reply})
        with server.client(module) as ftp, pytest.raises((ftplib.error_temp, ftplib.error_perm), match=reply):
            scandir(ftp, "d")


@pytest.mark.parametrize("reply", ["450 No files found", "550 No data sets found.", "550 Directory is empty"])
def test_a_refusal_may_say_that_the_directory_is_empty(module, reply):
    server = Scripted(**NO_MLSD, LIST=reply)
    with server.client(module) as ftp:
        assert list(scandir(ftp, "d")) == []
    missing = Scripted(**NO_MLSD, LIST=reply, CWD="550 no such directory")
    with missing.client(module) as ftp, pytest.raises(ftplib.error_perm, match="no such directory"):
        scandir(ftp, "d")


def test_without_pwd_there_is_no_way_back(module):
    server = Scripted({"LIST": LIST}, **NO_MLSD, PWD="250 somewhere")
    with server.client(module) as ftp:
        with pytest.raises(ListingError, match="PWD"):
            scandir(ftp, "with blank")
        assert pairs(scandir(ftp)) == PAIRS  # nor is one needed


def test_back_again_after_an_error(module):
    server = Scripted({"LIST": b"what is this?\r\n"}, **NO_MLSD)
    with server.client(module) as ftp:
        with pytest.raises(ListingError, match="what is this"):
            scandir(ftp, "with blank")
        assert ftp.sendcmd("NOOP") == "200 noop"
    assert server.asked("CWD") == ["CWD with blank", "CWD /here"]


def test_a_newline_is_refused_before_anything_is_sent(module):
    server = Scripted({"MLSD": MLSD})
    with server.client(module) as ftp:
        for path in ("a\r\nDELE b", "a\nb"):
            with pytest.raises(ValueError):
                scandir(ftp, path)
        assert ftp.sendcmd("NOOP") == "200 noop"
    assert not server.asked("DELE", "b")


# ---------------------------------------------------------------------------------- times


def lines_of(*moments, offset=0):
    """A listing whose times are ahead by `offset` seconds."""
    text = ""
    for number, moment in enumerate(moments):
        told = (moment + timedelta(seconds=offset)).strftime("%b %d %H:%M")
        text += f"-rw-r--r--   1 0 0 12 {told} f{number}\r\n"
    return ALL + text.encode()


def recent(**ago):
    return datetime.fromtimestamp(int(time.time()), timezone.utc) - timedelta(**ago)


def mdtm(moment):
    return moment.strftime("213 %Y%m%d%H%M%S")


@pytest.mark.parametrize("offset", [0, 3600, -5 * 3600, 19_800, 13 * 3600])
def test_the_servers_clock_is_known_by_one_mdtm(module, offset):
    first, second = recent(days=3, seconds=17), recent(days=40)
    server = Scripted({"LIST": lines_of(first, second, offset=offset)}, **NO_MLSD, MDTM=mdtm(first))
    with server.client(module) as ftp:
        for _ in range(2):
            entries = list(scandir(ftp, "d"))
            assert [entry.modified for entry in entries] == [first.replace(second=0), second.replace(second=0)]
            assert {entry.resolution for entry in entries} == {timedelta(minutes=1)}
    assert server.asked("MDTM") == ["MDTM d/f0"]


@pytest.mark.parametrize("reply", ["500 no", "550 no", "213 what?", "213 20200101000000", "200 ok", "450 later"])
def test_where_mdtm_does_not_tell_the_clock_is_utc(module, reply):
    first = recent(days=3)
    server = Scripted({"LIST": lines_of(first)}, **NO_MLSD, MDTM=reply)
    with server.client(module) as ftp:
        for _ in range(2):
            assert next(scandir(ftp)).modified == first.replace(second=0)
    assert len(server.asked("MDTM")) == 1


def test_exact_times_are_those_of_mdtm(module):
    moments = [recent(days=3, seconds=17), recent(days=400, seconds=1), recent(days=1)]
    lines = lines_of(*moments, offset=7200) + b"drwxr-xr-x   2 0 0 4096 Apr  8  1994 d\r\n"
    server = Scripted({"LIST": lines}, **NO_MLSD, **{"MDTM x/f0": mdtm(moments[0]), "MDTM x/f1": mdtm(moments[1])})
    with server.client(module) as ftp:
        entries = list(scandir(ftp, "x", exact_times=True))
    assert [entry.modified for entry in entries[:2]] == moments[:2]
    second, minute = timedelta(seconds=1), timedelta(minutes=1)
    # of what is refused the guess is left; directories aren't asked for
    assert [entry.resolution for entry in entries] == [second, second, minute, timedelta(days=1)]
    assert [(entry.path, entry.size, entry.mode) for entry in entries[:1]] == [("x/f0", 12, 0o644)]
    assert server.asked("MDTM") == ["MDTM x/f0", "MDTM x/f1", "MDTM x/f2"]


def test_what_is_exact_is_not_asked_for(module):
    server = Scripted({"MLSD": MLSD})
    with server.client(module) as ftp:
        assert len(list(scandir(ftp, exact_times=True))) == 2
    assert not server.asked("MDTM")


def test_no_time_is_set_where_one_is_asked_for(module):
    # vsftpd takes "MDTM 20200101000000 name" for an order
    lines = ALL + b"-rw-r--r--   1 0 0 12 Apr  8  1994 20200101000000 name\r\n"
    server = Scripted({"LIST": lines}, **NO_MLSD, MDTM="213 20200101000000")
    with server.client(module) as ftp:
        list(scandir(ftp, exact_times=True))
    assert server.asked("MDTM") == ["MDTM ./20200101000000 name"]


# ---------------------------------------------------------------------------------- whose methods


def test_a_subclass_is_asked(module):
    class Mine(module.FTP):
        def mlsd(self, path="", facts=()):
            yield "..", {"type": "pdir"}
            yield f"of {path}", {"type": "file", "size": "5"}
            yield "other", {"type": "dir"}

    server = Scripted(FEAT="502 no")
    server_module = mock.Mock(FTP=Mine)
    with server.client(server_module) as ftp:
        entries = list(scandir(ftp, "d"))
    assert [(entry.path, entry.size) for entry in entries] == [("d/of d", 5), ("d/other", None)]
    assert not server.asked("MLSD")


def test_a_subclass_that_reads_lines_is_asked(module):
    class Mine(module.FTP):
        def retrlines(self, cmd, callback=None):
            asked.append(cmd)
            for line in MLSD.decode().split("\r\n")[:-1]:
                callback(line)
            return "226 done"

    asked = []
    with Scripted().client(mock.Mock(FTP=Mine)) as ftp:
        assert pairs(scandir(ftp)) == PAIRS
    assert asked == ["MLSD"]


def test_a_mock(module):
    ftp = mock.create_autospec(module.FTP, instance=True)
    ftp.sendcmd.return_value = "211-Features:\n MLST type*;\n211 End"
    ftp.mlsd.return_value = [("a", {"type": "file", "size": "5"}), ("b", {"type": "dir"})]
    assert [(entry.path, entry.size) for entry in scandir(ftp, "d")] == [("d/a", 5), ("d/b", None)]
    ftp.mlsd.assert_called_once_with("d")

    ftp.mlsd.side_effect = ftplib.error_perm("500 no")
    ftp.retrlines.side_effect = lambda cmd, callback: list(map(callback, (ALL + LIST).decode().split("\r\n")))
    assert pairs(scandir(ftp)) == PAIRS


def test_a_proxy(module):
    class Proxy:
        def __init__(self, ftp):
            self._ftp = ftp

        def __getattr__(self, name):
            return getattr(self._ftp, name)

    server = Scripted({"MLSD": MLSD})
    with server.client(module) as ftp:
        assert pairs(scandir(Proxy(ftp))) == PAIRS


def test_a_connection_made_anew_is_another_server(module):
    first, second = Scripted({"LIST": ALL + LIST}, **NO_MLSD), Scripted({"MLSD": MLSD})
    with first.client(module) as ftp:
        assert pairs(scandir(ftp)) == PAIRS
        with second:
            ftp.connect("127.0.0.1", second.port)
            ftp.login()
            assert pairs(scandir(ftp)) == PAIRS
            ftp.close()
    assert second.asked("MLSD", "LIST") == ["MLSD"]


# ---------------------------------------------------------------------------------- names

NAMES = "type=cdir; .\r\ntype=file; %s\r\ntype=dir; x\r\n"


@pytest.mark.parametrize(
    "encoding, name", [("utf-8", "ü☃\U0001f600"), ("latin-1", "ü\x85"), ("cp1252", "€"), ("utf-8", "a  b ")]
)
def test_names_in_the_encoding_of_the_client(module, encoding, name):
    server = Scripted({"MLSD": (NAMES % name).encode(encoding)})
    with server.client(module, encoding=encoding) as ftp:
        assert [entry.path for entry in scandir(ftp, "d")] == [f"d/{name}", "d/x"]


def test_a_name_that_is_not_of_the_encoding_is_an_error(module):
    server = Scripted({"MLSD": (NAMES % "ü").encode("latin-1")})
    with server.client(module) as ftp, pytest.raises(UnicodeDecodeError):
        scandir(ftp)


class Moved(Scripted):
    """After a CWD that it has refused it is somewhere else, until CWD names the way from the root."""

    def unknown(self, session):
        if session.line == "CWD d":
            self.before, self.answers["PWD"] = self.answers["PWD"], self.pwd
        elif session.line == "CWD /here":
            self.answers["PWD"] = self.before
        super().unknown(session)


@pytest.mark.parametrize("pwd", ["501 can't decode path", '257 "/elsewhere"'])
def test_a_server_that_a_refused_cwd_has_moved_is_taken_back(module, pwd):
    """pyftpdlib is nowhere after a CWD to a name that isn't in its encoding: whatever comes next would be refused."""
    server = Moved(**NO_MLSD, **{"LIST -a d": "550 what?", "CWD d": "501 can't decode path"})
    server.pwd = pwd
    with server.client(module) as ftp:
        with pytest.raises(module.error_perm, match="501"):
            list(scandir(ftp, "d"))
        assert ftp.pwd() == "/here"
