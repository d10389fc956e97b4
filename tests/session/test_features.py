"""features(): what a server says it can do, asked for once a connection."""

from __future__ import annotations

import copy
import pickle

import pytest
import rftplib
from rftplib.session import features
from support.clients import opened
from support.scripted_server import Server

FEAT = b"""211-Extensions supported:\r
 MLST type*;size*;modify*;UNIX.mode;\r
 REST STREAM\r
 SIZE\r
 MDTM\r
 MFMT\r
 UTF8\r
 HASH SHA-1;SHA-256*;md5\r
 AUTH SSL\r
 AUTH TLS\r
211 End\r
"""


def test_features_are_asked_for_once_a_connection():
    with Server({"FEAT": FEAT}) as server:
        with opened(server) as ftp:
            found = features(ftp)
            assert features(ftp) is found
            ftp.close()
            ftp.connect(server.host, server.port)
            assert features(ftp) == found
        assert (server.commands(), server.commands(1)) == (["FEAT"], ["FEAT", "QUIT"])
    assert found.mlst == ("type", "size", "modify", "unix.mode")
    assert found.hash == ("SHA-256", "SHA-1", "MD5")
    assert (found.size, found.mdtm, found.mfmt, found.rest, found.utf8) == (True,) * 5
    assert (found.epsv, found.rang) == (False, False)
    assert "mlst" in found and "MLSD" not in found
    assert found["AUTH"] == ["SSL", "TLS"]
    assert list(found) == ["MLST", "REST", "SIZE", "MDTM", "MFMT", "UTF8", "HASH", "AUTH"]
    assert pickle.loads(pickle.dumps(found)) == found and hash(found) == hash(copy.copy(found))
    with pytest.raises(AttributeError):
        found.size = False


@pytest.mark.parametrize(
    "reply, names",
    [(b"500 what?\r\n", []), (b"502 no\r\n", []), (b"211 none\r\n", []), (b"211-none\r\n211 end\r\n", []),
     (b"211-x\r\n211-SIZE\r\n211-MDTM\r\n211 end\r\n", ["SIZE", "MDTM"]), (b"200 ok\r\n", [])],
)  # fmt: skip
def test_servers_that_know_little(reply, names):
    with Server({"FEAT": reply}) as server:
        with opened(server) as ftp:
            assert list(features(ftp)) == names
            assert (features(ftp).mlst, features(ftp).hash) == ((), ())


def test_a_refusal_before_the_login_is_no_answer():
    with Server({"FEAT": [b"530 log in\r\n", FEAT]}) as server:
        with opened(server) as ftp:
            with pytest.raises(rftplib.error_perm, match="^530 log in$"):
                features(ftp)
            assert features(ftp).size
