"""How a filesystem comes about: URLs, storage options, instances, pickles, forks; without fsspec; in ftplib's place."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading

import fsspec
import pytest
from fsspec.core import url_to_fs
from rftplib.fs import FTPESFileSystem, FTPFileSystem, FTPSFileSystem
from servers.layout import PASSWORD, USER, certificate

# url: class, host, port, user, password, implicit, path
URLS = {
    "rftp://host": (FTPFileSystem, "host", 21, None, None, False, "/"),
    "rftp://host/a b/c%20d#e?f": (FTPFileSystem, "host", 21, None, None, False, "/a b/c%20d#e?f"),
    "rftp://u%40b:p%2F%3Aw@host:2121//dir/": (FTPFileSystem, "host", 2121, "u@b", "p/:w", False, "/dir"),
    # not [::1]: two colons have a meaning of their own for fsspec
    "rftp://u:p@w@[fe80:0:0:0:0:0:0:1]/x": (FTPFileSystem, "fe80:0:0:0:0:0:0:1", 21, "u", "p@w", False, "/x"),
    "ftps://host/x": (FTPSFileSystem, "host", 990, None, None, True, "/x"),
    "ftps://u:@host:21/x": (FTPSFileSystem, "host", 21, "u", "", False, "/x"),
    "ftpes://host/x": (FTPESFileSystem, "host", 21, None, None, False, "/x"),
}


@pytest.mark.parametrize("url", URLS)
def test_what_a_url_says_to_the_file_system(url):
    fs, path = url_to_fs(url)
    kind, host, port, user, password, implicit, where = URLS[url]
    assert type(fs) is kind
    assert (fs.site.host, fs.site.port, fs.site.user, fs.site.implicit, path) == (host, port, user, implicit, where)
    assert fs.site._login()[1] == (password or "")
    again, path = url_to_fs(fs.unstrip_protocol(path), **({"password": password} if password is not None else {}))
    assert (again.site, path) == (fs.site, where)
    assert fs.site.secured == (kind is not FTPFileSystem)
    if password:
        assert password not in fs.unstrip_protocol(path) and password not in repr(fs)


@pytest.mark.parametrize("url", ["rftp://u:secret@host:port/x", "ftps://u:secret@host:21:22/x", "rftp://u:secret@/x"])
def test_no_such_url_and_no_password_in_the_error(url):
    with pytest.raises((ValueError, TypeError)) as caught:
        url_to_fs(url)
    assert "secret" not in str(caught.value)


def test_options():
    fs = fsspec.filesystem(
        "ftps", host="h", username="u", timeouts=(1, 2, 3), connections=3, cafile=certificate("ca.crt")
    )
    assert (tuple(fs.site.timeouts), fs.site.connections) == ((1, 2, 3), 3)
    with pytest.raises(TypeError, match="cafil; it has host, port, .*cafile, .*timeouts"):
        fsspec.filesystem("ftps", host="h", cafil="ca.pem")
    with pytest.raises(ValueError, match="cafile"):
        fsspec.filesystem("rftp", host="h", cafile="ca.pem")
    with pytest.raises(ValueError):
        fsspec.filesystem("rftp", host="h", connections=0)
    assert fsspec.filesystem("rftp", host="h", use_listings_cache=False).site.host == "h"


def test_instances_are_cached_and_share_their_connections():
    one, two = (fsspec.filesystem("rftp", host="h", username="u") for _ in range(2))
    assert one is two
    found = []
    thread = threading.Thread(target=lambda: found.append(fsspec.filesystem("rftp", host="h", username="u")))
    thread.start()
    thread.join()
    assert found[0].site == one.site
    assert fsspec.filesystem("rftp", host="h", username="other") is not one


@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.name == "vsftpd")
def test_pickles_and_descriptions(work):
    path = work.put("file", b"0123456789")
    fs = work.fs()
    again = pickle.loads(pickle.dumps(fs))
    assert again.cat_file(path) == b"0123456789"
    with fs.open(path, "rb") as file:
        file.read(3)
        copy = pickle.loads(pickle.dumps(file))
        assert (file.read(2), copy.read(3)) == (b"34", b"345")
        copy.close()
    assert type(fs).from_json(fs.to_json()).cat_file(path) == b"0123456789"
    assert PASSWORD not in json.dumps(fs.to_dict(include_password=False))
    code = (
        "import pickle, sys; fs = pickle.load(sys.stdin.buffer); "
        f"assert fs.cat_file({path!r}) == b'0123456789'; fs.site.close()"
    )
    subprocess.run([sys.executable, "-c", code], input=pickle.dumps(fs), check=True, timeout=60)


@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.name == "vsftpd")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_has_connections_of_its_own(work):
    path = work.put("file", b"0123456789")
    fs = work.fs()
    assert fs.cat_file(path) == b"0123456789"
    child = os.fork()
    if not child:
        try:
            os._exit(0 if fs.cat_file(path, 2, 4) == b"23" and fs.ls(work.root) else 1)
        finally:
            os._exit(2)
    assert fs.cat_file(path, 3, 5) == b"34"
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert fs.cat_file(path) == b"0123456789"


def run(code, *arguments):
    subprocess.run([sys.executable, "-W", "error", "-c", code, *arguments], check=True, timeout=60)


def test_without_fsspec_the_error_says_what_to_install():
    run(
        "import sys; sys.modules['fsspec'] = None; import rftplib; rftplib.install(); rftplib.uninstall()\n"
        "try: import rftplib.fs\n"
        "except ImportError as error: assert 'pip install fsspec' in str(error)\n"
        "else: raise AssertionError"
    )


BEFORE = """
import sys, rftplib
assert 'fsspec' not in sys.modules
"""
CLASSES = """
def ours(): return fsspec.get_filesystem_class('ftp').__module__.startswith('rftplib.')
"""


@pytest.mark.parametrize(
    "code",
    [
        "rftplib.install(); assert 'fsspec' not in sys.modules; import fsspec\n" + CLASSES
        + "assert ours(); rftplib.uninstall(); assert not ours()",
        "import fsspec\n" + CLASSES + "rftplib.install(); assert ours(); rftplib.uninstall(); assert not ours()",
        "import fsspec\n" + CLASSES + "assert not ours(); before = fsspec.get_filesystem_class('ftp')\n"
        "import warnings; warnings.simplefilter('ignore')\n"
        "with rftplib.install():\n with rftplib.install(): pass\n assert ours()\n"
        "assert fsspec.get_filesystem_class('ftp') is before",
        "rftplib.install(); rftplib.uninstall(); import fsspec\n" + CLASSES + "assert not ours()",
        "import fsspec\n" + CLASSES + "import rftplib.fs; assert not ours()",
    ],
    ids=["before", "after", "in use", "taken back", "never"],
)  # fmt: skip
def test_ftp_is_ours_only_in_ftplibs_place(code):
    run(BEFORE + code)


@pytest.mark.endpoints(where=lambda endpoint: endpoint.server.name == "pureftpd")
def test_in_ftplibs_place_it_takes_fsspecs_options(work):
    path = work.put("file", b"data")
    tls = work.endpoint.protection != "plain"
    code = (
        "import sys, rftplib; rftplib.install(); import fsspec\n"
        "host, port, user, password, tls, path = sys.argv[1:]\n"
        "options = dict(tls=bool(tls), timeout=20, tempdir='/tmp')\n"
        "fs, path = fsspec.core.url_to_fs(f'ftp://{user}:{password}@{host}:{port}{path}', **options)\n"
        "assert fs.site.secured == bool(tls) and fs.cat_file(path) == b'data'"
    )
    where = work.endpoint
    command = [sys.executable, "-c", code, where.host, str(where.port), USER, PASSWORD, "yes" if tls else "", path]
    environment = {**os.environ, "SSL_CERT_FILE": str(certificate("ca.crt"))}
    subprocess.run(command, check=True, timeout=60, env=environment)
