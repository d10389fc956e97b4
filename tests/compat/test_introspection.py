"""What introspection shows: module names, classes, signatures, documentation."""

from __future__ import annotations

import ftplib
import inspect
import os
import sys
import types

import pytest
import rftplib

# Class attributes that rftplib has and ftplib doesn't: each is documented in DIFFERENCES.md.
EXTRA_ATTRIBUTES = {
    "FTP": {
        *["max_reply", "skip_redundant_type", "accept_any_active_peer", "check_size", "structured_replies"],
        *["errors", "socket_factory", "connect_timeout", "data_timeout", "prefer_epsv", "tcp_keepalive"],
        "noop_interval",
    },
    "FTP_TLS": {"reuse_session", "unwrap_timeout", "handshake_delay", "accept_ragged_end"},
}
# ftplib dropped these in 3.12; rftplib keeps them on every Python, so that reading them never fails.
KEPT = {"FTP_TLS": {"ssl_version", "keyfile", "certfile"}}
CLASSES = ["FTP", "FTP_TLS"]
FUNCTIONS = ["parse150", "parse227", "parse229", "parse257", "print_line", "ftpcp", "test"]
EXCEPTIONS = ["Error", "error_reply", "error_temp", "error_perm", "error_proto"]


def attributes(cls):
    return [name for name in dir(cls) if not (name.startswith("__") and name.endswith("__"))]


# From ftplib, and only what it has: the rows exist whatever rftplib lacks.
METHODS = [
    (cls, name)
    for cls in CLASSES
    for name in [*attributes(getattr(ftplib, cls)), "__init__", "__enter__", "__exit__"]
    if callable(getattr(getattr(ftplib, cls), name))
]
VALUES = [
    (cls, name)
    for cls in CLASSES
    for name in attributes(getattr(ftplib, cls))
    if not callable(getattr(getattr(ftplib, cls), name))
]
each_class = pytest.mark.parametrize("cls", CLASSES)
each_method = pytest.mark.parametrize(("cls", "name"), METHODS)
# rftplib's FTP_TLS takes keyfile and certfile on every Python: see test_deviations.
each_signature = pytest.mark.parametrize(("cls", "name"), [m for m in METHODS if m != ("FTP_TLS", "__init__")])


def both(cls, name):
    return getattr(getattr(rftplib, cls), name), getattr(getattr(ftplib, cls), name)


def same_parameters(ours, theirs, skip_first_kind=False):
    ours, theirs = list(ours.parameters.values()), list(theirs.parameters.values())
    assert [p.name for p in ours] == [p.name for p in theirs]
    for i, (mine, his) in enumerate(zip(ours, theirs)):
        assert mine.default is his.default or mine.default == his.default, mine.name
        assert mine.annotation is his.annotation
        if not (skip_first_kind and i == 0):
            assert mine.kind == his.kind, mine.name


def test_public_names():
    ours = {name for name in dir(rftplib) if not name.startswith("_")}
    theirs = {name for name in dir(ftplib) if not name.startswith("_")}
    assert theirs <= ours
    for name in ours - theirs - {"install", "uninstall"}:
        value = getattr(rftplib, name)
        assert isinstance(value, types.ModuleType) and value.__name__.startswith("rftplib."), name


@pytest.mark.parametrize("name", [n for n in dir(ftplib) if not (n.startswith("__") and n.endswith("__"))])
def test_module_name_exists_with_the_same_kind(name):
    ours, theirs = getattr(rftplib, name), getattr(ftplib, name)
    assert type(ours) is type(theirs) or name in ("_150_re", "_227_re")


@pytest.mark.parametrize("name", ["MSG_OOB", "FTP_PORT", "MAXLINE", "CRLF", "B_CRLF"])
def test_constant(name):
    ours, theirs = getattr(rftplib, name), getattr(ftplib, name)
    assert (type(ours), ours) == (type(theirs), theirs)


@pytest.mark.parametrize("name", [*EXCEPTIONS, "socket", "ssl", "sys", "_GLOBAL_DEFAULT_TIMEOUT", "_SSLSocket"])
def test_the_very_same_object(name):
    assert getattr(rftplib, name) is getattr(ftplib, name)


def test_all_errors():
    assert rftplib.all_errors == ftplib.all_errors
    assert isinstance(rftplib.all_errors, tuple)


def test_module_doc():
    assert rftplib.__doc__


def test_the_extra_attributes_are_documented():
    """In the page of differences, where the tests are run from a source tree that has it."""
    page = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "DIFFERENCES.md")
    if not os.path.exists(page):
        pytest.skip("no docs/DIFFERENCES.md beside these tests")
    with open(page, encoding="utf-8") as file:
        text = file.read()
    for name in EXTRA_ATTRIBUTES["FTP"] | EXTRA_ATTRIBUTES["FTP_TLS"]:
        assert f"`{name}`" in text, name


def test_module_sys_argv_is_used_through_its_own_sys():
    assert rftplib.sys is sys


@each_class
def test_class_identity(cls):
    ours, theirs = getattr(rftplib, cls), getattr(ftplib, cls)
    assert isinstance(ours, type) and type(ours) is type(theirs)
    assert (ours.__name__, ours.__qualname__) == (theirs.__name__, theirs.__qualname__)
    assert ours.__module__ == "rftplib"
    assert [base.__name__ for base in ours.__mro__] == [base.__name__ for base in theirs.__mro__]
    assert ours.__dictoffset__ != 0 and ours.__weakrefoffset__ != 0
    assert ours.__flags__ & (1 << 10), "can be subclassed"


def test_ftp_tls_is_an_ftp():
    assert rftplib.FTP_TLS.__bases__ == (rftplib.FTP,)


@each_class
def test_dir_of_the_class(cls):
    ours, theirs = set(attributes(getattr(rftplib, cls))), set(attributes(getattr(ftplib, cls)))
    assert theirs <= ours
    assert ours - theirs <= EXTRA_ATTRIBUTES["FTP"] | EXTRA_ATTRIBUTES[cls] | KEPT.get(cls, set())


@each_class
def test_names_in_the_class_dict(cls):
    """mock.patch.object and `name in vars(cls)` look there."""

    def own(lib):
        return {name for name in vars(getattr(lib, cls)) if not (name.startswith("__") and name.endswith("__"))}

    assert own(ftplib) <= own(rftplib)
    assert own(rftplib) - own(ftplib) <= EXTRA_ATTRIBUTES[cls] | KEPT.get(cls, set())


@pytest.mark.parametrize(("cls", "name"), VALUES)
def test_class_attribute(cls, name):
    ours, theirs = both(cls, name)
    assert (type(ours), ours) == (type(theirs), theirs)
    assert inspect.getattr_static(getattr(rftplib, cls), name) is ours, "a plain value, no descriptor"


@pytest.mark.parametrize(("cls", "name"), VALUES)
def test_instance_has_only_the_class_default(cls, name):
    instance = getattr(rftplib, cls).__new__(getattr(rftplib, cls))
    assert vars(instance) == {}
    assert getattr(instance, name) == getattr(getattr(rftplib, cls), name)


def test_debug_is_set_debuglevel():
    assert rftplib.FTP.debug is rftplib.FTP.set_debuglevel
    assert rftplib.FTP.__dict__["debug"] is rftplib.FTP.__dict__["set_debuglevel"]


@each_signature
def test_unbound_signature(cls, name):
    ours, theirs = both(cls, name)
    same_parameters(inspect.signature(ours), inspect.signature(theirs), skip_first_kind=True)


@each_signature
def test_bound_signature(cls, name):
    ours, theirs = (getattr(getattr(lib, cls)(), name) for lib in (rftplib, ftplib))
    same_parameters(inspect.signature(ours), inspect.signature(theirs))
    assert str(inspect.signature(ours)).split("<")[0] == str(inspect.signature(theirs)).split("<")[0]


def test_signature_of_the_class():
    same_parameters(inspect.signature(rftplib.FTP), inspect.signature(ftplib.FTP))


def test_signature_of_a_subclass_with_its_own_init():
    signatures = []
    for lib in (rftplib, ftplib):

        class Sub(lib.FTP):
            def __init__(self, url, *, depth=3):
                super().__init__()

        signatures.append(str(inspect.signature(Sub)))
    assert signatures[0] == signatures[1]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_signature_of_a_function(name):
    same_parameters(inspect.signature(getattr(rftplib, name)), inspect.signature(getattr(ftplib, name)))


@each_method
def test_method_names_and_documentation(cls, name):
    ours, theirs = both(cls, name)
    assert (ours.__name__, ours.__qualname__) == (theirs.__name__, theirs.__qualname__)
    assert ours.__doc__ or not theirs.__doc__
    assert inspect.isroutine(ours)


@each_method
def test_method_is_in_the_same_place_of_the_mro(cls, name):
    def owner(lib):
        return next(base.__name__ for base in getattr(lib, cls).__mro__ if name in vars(base))

    assert owner(rftplib) == owner(ftplib)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function_names_and_documentation(name):
    ours, theirs = getattr(rftplib, name), getattr(ftplib, name)
    assert (ours.__name__, ours.__qualname__, ours.__module__) == (theirs.__name__, theirs.__qualname__, "rftplib")
    assert bool(ours.__doc__) == bool(theirs.__doc__)


@each_class
def test_class_documentation(cls):
    assert getattr(rftplib, cls).__doc__


def test_the_file_is_a_package_that_runs_with_m():
    assert os.path.isfile(os.path.join(os.path.dirname(rftplib.__file__), "__main__.py"))
