"""Site: a value that tells how to reach a server, and the clients that it opens."""

from __future__ import annotations

import copy
import pickle
import socket
import ssl

import pytest
import rftplib
from rftplib._errors import also, explained, hint_of, places_of
from rftplib.session import Site, Timeouts, features
from rftplib.tls import FTPS, ImplicitFTP_TLS
from rftplib.transfer import get
from support.actions import auth_tls
from support.certificates import CA_FILE
from support.scripted_server import LIMIT, Server

# url: host, port, user, directory, secured, implicit
URLS = {
    "ftp://ftp.example.org": ("ftp.example.org", 21, None, "", False, False),
    "ftp://ftp.example.org/": ("ftp.example.org", 21, None, "", False, False),
    "FTP://user@FTP.example.org:2121/pub/": ("ftp.example.org", 2121, "user", "pub", False, False),
    "ftp://u%40b:p%2Fw@[::1]/a%20b/c": ("::1", 21, "u@b", "a b/c", False, False),
    "ftp://host/%2Fpub": ("host", 21, None, "/pub", False, False),
    "ftp://host//": ("host", 21, None, "/", False, False),
    "ftp://host:990": ("host", 990, None, "", False, False),
    "ftpes://host": ("host", 21, None, "", True, False),
    "ftpes://host:990": ("host", 990, None, "", True, True),
    "ftps://host": ("host", 990, None, "", True, True),
    "ftps://host:21": ("host", 21, None, "", True, False),
    "ftps://host:2121?cafile=ca.pem": ("host", 2121, None, "", True, False),
    "ftps://host:2121/a?cafile=ca.pem&implicit=true": ("host", 2121, None, "a", True, True),
    "ftpes://host?implicit=true": ("host", 21, None, "", True, True),
    "ftps://host?implicit=false": ("host", 990, None, "", True, False),
}


@pytest.mark.parametrize("url", URLS)
def test_what_a_url_says(url):
    site = Site(url)
    assert (site.host, site.port, site.user, site.directory, site.secured, site.implicit) == URLS[url]
    again = Site(site.url.replace(":***", ""))
    assert (again.host, again.port, again.user, again.directory, again.implicit) == (
        site.host,
        site.port,
        site.user,
        site.directory,
        site.implicit,
    )


@pytest.mark.parametrize(
    "url, text",
    [("http://u:secret@host", "not 'http://***@host'"), ("127.0.0.1", "not '127.0.0.1'"), ("", "not ''"),
     ("u:secret@host", "not '***@host'"), ("u:a://se?secret@host/a", "not '***@host/a'"),
     ("http://u:secret?secret@host", "not 'http://***@host'"), ("http://host/a?b=secret", "not 'http://host/a'"),
     ("u:secret\nsecret@host", "not '***@host'"), ("ftp:///dir", "names a host"), ("ftp://", "a host"),
     ("ftp://u:secret@host:port", "a number up to 65535"), ("ftp://u:secret@host:70000", "a number up to 65535"),
     ("ftp://u:secret@[::1", "no valid host"), ("ftp://u:secret@host/#a", "no fragment"),
     ("ftps://u:secret@host?verify=no", "knows cafile and implicit, not verify"),
     ("ftp://host?cafile=x", "cafile is for ftps:// and ftpes://"),
     ("ftp://host?implicit=true", "implicit is for ftps:// and ftpes://"),
     ("ftps://u:secret@host?implicit=yes", "is true or false, not 'yes'")],
)  # fmt: skip
def test_what_is_no_such_url_is_refused_without_showing_a_password(url, text):
    with pytest.raises(ValueError) as refusal:
        Site(url)
    assert text in str(refusal.value)
    assert "secret" not in str(refusal.value)
    assert refusal.value.__cause__ is None and (refusal.value.__context__ is None or refusal.value.__suppress_context__)


def test_a_file_of_authorities_that_is_no_good_is_named(tmp_path):
    empty = tmp_path / "empty.pem"
    empty.touch()
    for path in (empty, tmp_path / "nothing.pem"):
        with pytest.raises(ValueError) as error:
            Site(f"ftps://user:secret@127.0.0.1:1?cafile={path}").open()
        assert str(path) in str(error.value) and "secret" not in str(error.value)


@pytest.mark.parametrize(
    "url, options, error, text",
    [("ftp://host", {"context": ssl.create_default_context()}, ValueError, "context"),
     ("ftps://host?cafile=x", {"context": ssl.create_default_context()}, ValueError, "cafile"),
     ("ftp://host", {"implicit": True}, ValueError, "implicit"),
     ("ftp://host", {"connections": 0}, ValueError, "connections"),
     ("ftp://host", {"connections": 1.5}, ValueError, "connections"),
     ("ftp://host", {"timeouts": 0}, ValueError, "timeouts"),
     ("ftp://host", {"timeouts": Timeouts(reply=-1)}, ValueError, "timeouts: reply"),
     ("ftp://host", {"timeouts": "60"}, ValueError, "timeouts"),
     ("ftp://host", {"keepalive": 0}, ValueError, "keepalive"),
     ("ftp://host", {"keepalive": "60"}, ValueError, "keepalive"),
     (b"ftp://host", {}, TypeError, "str")],
)  # fmt: skip
def test_values_that_make_no_sense_are_refused(url, options, error, text):
    with pytest.raises(error, match=text):
        Site(url, **options)


def test_it_is_a_value():
    def another():
        return Site("ftps://user:secret@host/dir?cafile=ca.pem", connections=3, timeouts=5)

    site = another()
    assert site == another() and hash(site) == hash(another()) and len({site, another()}) == 1
    assert site != Site("ftps://user:other@host/dir?cafile=ca.pem", connections=3, timeouts=5)
    assert site != Site("ftps://user:secret@host/dir?cafile=ca.pem", connections=3, timeouts=5, keepalive=None)
    assert site != "ftps://host"
    assert Site("ftps://host:2121?implicit=true") == Site("ftps://host:2121", implicit=True)
    assert Site("ftps://host:2121?implicit=true", implicit=False) == Site("ftps://host:2121")
    for again in (pickle.loads(pickle.dumps(site)), copy.copy(site), copy.deepcopy(site)):
        assert again == site and hash(again) == hash(site)
        assert again.timeouts == Timeouts(5, 5, 5)
    for name in ("host", "url", "_values", "new"):
        with pytest.raises(AttributeError):
            setattr(site, name, "x")
    with pytest.raises(AttributeError):
        del site._values
    assert not hasattr(site, "__dict__")


def test_no_password_is_shown():
    for site in (Site("ftp://user:secret@host"), Site("ftp://host", user="user", password="secret")):
        assert "secret" not in repr(site) + str(site) + site.url
        assert "user:***@host" in repr(site)
    assert repr(Site("ftps://host", implicit=False, timeouts=5)) == (
        "Site('ftps://host?implicit=false', timeouts=Timeouts(connect=5, reply=5, idle=5))"
    )


def test_a_context_stays_in_its_process():
    site = Site("ftps://host", context=ssl.create_default_context())
    assert copy.copy(site) is copy.deepcopy(site) is site
    with pytest.raises(TypeError, match="can't be pickled: name a cafile"):
        pickle.dumps(site)


# ------------------------------------------------------------------------------------------------ logins


def login_of(site_of, tmp_path=None, monkeypatch=None, netrc=None):
    """What a server is sent for the login of site_of(server)."""
    if netrc is not None:
        (tmp_path / ".netrc").write_text(netrc)
        (tmp_path / ".netrc").chmod(0o600)
    with Server({"FEAT": b"500 no\r\n"}) as server:
        with site_of(server).open():
            pass
        lines = server.commands()
    return lines[: lines.index("FEAT")]


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_url_or_the_arguments_name_the_user(home):
    url = "ftp://user:p%20w@127.0.0.1:{}"
    assert login_of(lambda server: Site(url.format(server.port))) == ["USER user", "PASS p w"]
    assert login_of(lambda server: Site(url.format(server.port), user="other")) == ["USER other", "PASS p w"]
    assert login_of(lambda server: Site(url.format(server.port), password="other")) == ["USER user", "PASS other"]


def test_a_function_is_asked_for_the_password_at_each_login(home):
    asked = []

    def password():
        asked.append(None)
        return f"secret{len(asked)}"

    def site(server):
        return Site(f"ftp://user@127.0.0.1:{server.port}", password=password)

    assert login_of(site) == ["USER user", "PASS secret1"]
    assert login_of(site) == ["USER user", "PASS secret2"]
    with Server() as server, pytest.raises(TypeError, match="the password function returned no str, but NoneType"):
        Site(f"ftp://user@127.0.0.1:{server.port}", password=lambda: None).open()


NETRC = "machine 127.0.0.1 login me account mine password secret\nmachine other login me password x\n"


@pytest.mark.parametrize(
    "netrc, user, expected",
    [(NETRC, "", ["USER me", "PASS secret"]),
     (NETRC, "me@", ["USER me", "PASS secret"]),
     (NETRC, "somebody@", ["USER somebody", "PASS "]),
     ("default login any password thing\n", "", ["USER any", "PASS thing"]),
     ("machine other login me password x\n", "", ["USER anonymous", "PASS anonymous@"]),
     (None, "", ["USER anonymous", "PASS anonymous@"]),
     (None, "somebody@", ["USER somebody", "PASS "])],
)  # fmt: skip
def test_netrc_is_looked_into_where_nobody_says_a_password(home, netrc, user, expected):
    if netrc is not None:
        (home / ".netrc").write_text(netrc)
        (home / ".netrc").chmod(0o600)
    assert login_of(lambda server: Site(f"ftp://{user}127.0.0.1:{server.port}")) == expected


# ------------------------------------------------------------------------------------------------ what is opened


def test_what_a_client_is_like():
    feat = b"211-x\r\n UTF8\r\n211 end\r\n"
    with Server({"FEAT": feat, "DELE": b"550 no\r\n"}) as server:
        site = Site(f"ftp://user:secret@127.0.0.1:{server.port}/some/where", timeouts=Timeouts(11, 12, 13))
        with site.open() as ftp:
            assert type(ftp) is rftplib.FTP
            assert (ftp.sock.gettimeout(), ftp.timeout, ftp.encoding) == (12, 13, "utf-8")
            assert features(ftp).utf8
            with pytest.raises(rftplib.error_perm) as raised:
                ftp.delete("x")
            assert (raised.value.code, raised.value.command) == (550, "DELE x")
            ftp.retrbinary("RETR x", lambda block: None)
        assert server.commands() == [
            *["USER user", "PASS secret", "FEAT", "TYPE I", "OPTS UTF8 ON", "PWD", "CWD some/where", "DELE x"],
            *["PASV", "RETR x", "QUIT"],
        ]


def test_a_directory_that_isnt_there_is_an_error():
    with Server({"CWD": b"550 no\r\n"}) as server:
        with pytest.raises(rftplib.error_perm, match="^550 no$"):
            Site(f"ftp://127.0.0.1:{server.port}/nowhere", user="user", password="x").open()


def test_a_factory_makes_the_client():
    class Own(rftplib.FTP):
        pass

    with Server() as server:
        seen = []
        site = Site(
            f"ftp://127.0.0.1:{server.port}", password="x", factory=lambda site: (seen.append(site.host), Own())[1]
        )
        with site.open() as ftp:
            assert type(ftp) is Own and seen == ["127.0.0.1"]
        with site.borrow() as ftp:
            assert type(ftp) is Own
        site.close()


@pytest.mark.parametrize("own, keepalive, expected", [(None, 60, 60), (None, None, None), (20, 60, 20), (20, None, 20)])
def test_silent_connections_are_probed(own, keepalive, expected):
    class Own(rftplib.FTP):
        tcp_keepalive = own

    with Server() as server:
        site = Site(f"ftp://127.0.0.1:{server.port}", password="x", factory=lambda site: Own(), keepalive=keepalive)
        with site.open() as ftp:
            assert bool(ftp.sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)) == (expected is not None)
            if expected is not None and hasattr(socket, "TCP_KEEPIDLE"):
                assert ftp.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == expected
    assert ("keepalive" in repr(site)) == (keepalive != 60)


@pytest.mark.parametrize(
    "client, raised",
    [
        (lambda site: rftplib.FTP(), TypeError),
        (lambda site: rftplib.FTP_TLS(context=site.context()), TypeError),
        (lambda site: ImplicitFTP_TLS(context=site.context()), TypeError),
        (lambda site: FTPS(context=site.context(), implicit=True), ValueError),
        (lambda site: FTPS(), ssl.SSLCertVerificationError),
    ],
)
def test_no_factory_gets_around_tls(client, raised):
    """The URL demands that all is encrypted and verified; else nothing is sent, and the password above all."""
    with Server({"AUTH": auth_tls}) as server:
        url = f"ftpes://user:secret@localhost:{server.port}?cafile={CA_FILE}"
        site = Site(url, timeouts=LIMIT, factory=client)
        with pytest.raises(raised):
            site.open()
        with pytest.raises(raised), site.borrow():
            pass
        assert all(set(commands) <= {"AUTH TLS"} for commands in map(server.commands, range(len(server.sessions))))
        made = Site(url, timeouts=LIMIT, factory=lambda site: FTPS(context=site.context(), implicit=site.implicit))
        with made.open() as ftp:
            assert ftp.sock.version().startswith("TLS")


def test_tls_is_verified_and_never_clear_text():
    with Server({"AUTH": auth_tls}) as server:
        url = f"ftpes://user:secret@localhost:{server.port}"
        with pytest.raises(ssl.SSLCertVerificationError, match=r"isn't trusted: .* by \?cafile=/path/ca.pem") as caught:
            Site(url, timeouts=LIMIT).open()
        assert "create_default_context" not in str(caught.value)
        with Site(f"{url}?cafile={CA_FILE}", timeouts=LIMIT).open() as ftp:
            assert type(ftp) is FTPS and ftp.sock.version().startswith("TLS")
            ftp.retrlines("LIST", lambda line: None)
        assert server.commands() == ["AUTH TLS"]
        assert server.commands(1)[:3] == ["AUTH TLS", "USER user", "PASS secret"]
    with Server({"AUTH": b"502 no\r\n"}) as server:
        with pytest.raises(
            rftplib.error_perm,
            match=r"502 no \(the server takes no AUTH TLS: ftps://host \(port 990\), .*or ftp:// without TLS\)$",
        ):
            Site(f"ftpes://user:secret@localhost:{server.port}?cafile={CA_FILE}").open()
        assert server.commands() == ["AUTH TLS"]
    with pytest.raises(ValueError, match="verifies"):
        Site("ftps://host", context=ssl._create_unverified_context()).open()


WANTS_TLS = [
    b"530 Non-anonymous sessions must use encryption.\r\n",
    b"421 Sorry, cleartext sessions and weak ciphers are not accepted on this server.\r\n",
    b"550 SSL/TLS required on the control channel\r\n",
]


@pytest.mark.parametrize("reply", WANTS_TLS)
def test_a_server_that_wants_tls(reply, tmp_path):
    with Server({"USER": reply}) as server:
        site = Site(f"ftp://user:secret@127.0.0.1:{server.port}")
        with pytest.raises(rftplib.Error, match=r"\(the server wants TLS: ftpes:// or ftps://\)$") as caught:
            site.open()
        assert caught.value.args == (reply.decode().strip(),)
        where = f"getting 'a' from 127.0.0.1:{server.port}"
        with pytest.raises(rftplib.Error, match=rf"\({where}: the server wants TLS: ftpes:// or ftps://\)$"):
            get(site, "a", tmp_path / "a")  # at once
        assert len(server.sessions) == 2


def test_a_login_without_a_password(home):
    with Server({"PASS": b"530 Login incorrect.\r\n"}) as server:
        for user in ("user@", ""):
            with pytest.raises(
                rftplib.error_perm, match="530 Login incorrect. .no password was given, and ~/.netrc has"
            ):
                Site(f"ftp://{user}127.0.0.1:{server.port}").open()
        with pytest.raises(rftplib.error_perm, match=r"530 Login incorrect\.$"):
            Site(f"ftp://user:secret@127.0.0.1:{server.port}").open()


def test_where_and_what_to_do_outlive_a_pickle():
    """As errors do that come from another process."""
    error = also(explained(also(rftplib.error_perm("530 no"), "getting 'a'"), "log in"), "after 2 replies")
    for one in (error, pickle.loads(pickle.dumps(error))):
        assert isinstance(one, rftplib.error_perm) and one.args == ("530 no",)
        assert str(one) == "530 no (getting 'a'; after 2 replies: log in)"
        assert (places_of(one), hint_of(one)) == (("getting 'a'", "after 2 replies"), "log in")
