"""Odd arguments: every method, every parameter, one odd value at a time."""

from __future__ import annotations

import ftplib
import inspect
import io

import pytest
from support.harness import same


class Odd:
    """An object without any of the methods that ftplib calls, and with a stable repr."""

    def __repr__(self):
        return "<Odd>"


class Text(str):
    """A str subclass."""


VALUES = {
    "None": lambda: None,
    "int": lambda: 5,
    "minus": lambda: -1,
    "true": lambda: True,
    "float": lambda: 2.5,
    "bytes": lambda: b"x",
    "no-bytes": lambda: b"",
    "empty": lambda: "",
    "text": lambda: "text",
    "subclass": lambda: Text("text"),
    "lf": lambda: "a\nb",
    "crlf": lambda: "a\r\nDELE b",
    "nul": lambda: "a\0b",
    "accent": lambda: "é",
    "surrogate": lambda: "a\udcffb",
    "line-separator": lambda: "a\x85\u2028b",
    "long": lambda: "x" * 20000,
    "list": lambda: ["a"],
    "tuple": lambda: ("a", "b"),
    "object": Odd,
}
# What each parameter gets when it isn't the odd one.
GOOD = {
    "line": lambda: "NOOP",
    "cmd": lambda: "RETR f",
    "s": lambda: "text",
    "level": lambda: 1,
    "val": lambda: 1,
    "host": lambda: "127.0.0.1",
    "port": lambda: 2000,
    "callback": lambda: print,
    "fp": lambda: io.BytesIO(b"one\r\ntwo"),
    "password": lambda: "secret",
    "fromname": lambda: "a",
    "toname": lambda: "b",
    "filename": lambda: "f",
    "dirname": lambda: "d",
}
COMMANDS = {"sendcmd": "NOOP", "voidcmd": "NOOP", "storbinary": "STOR f", "storlines": "STOR f", "retrlines": "LIST"}
# connect and __init__ have their own rows: they need the server's address, and most odd hosts are looked up by name.
LEFT_OUT = {"connect", "debug"}


def rows():
    for method, function in inspect.getmembers(ftplib.FTP, inspect.isfunction):
        if method.startswith("_") or method in LEFT_OUT:
            continue
        for parameter in list(inspect.signature(function).parameters.values())[1:]:
            for value in VALUES:
                yield method, parameter.name, value


def arguments(method, odd, value):
    """Positional arguments up to the odd one, good values before it."""
    result = []
    for parameter in list(inspect.signature(getattr(ftplib.FTP, method)).parameters.values())[1:]:
        if parameter.name == odd:
            result.append(VALUES[value]())
            break
        if parameter.default is not inspect.Parameter.empty:
            result.append(parameter.default)
        elif parameter.name == "cmd":
            result.append(COMMANDS.get(method, "RETR f"))
        elif parameter.kind is not inspect.Parameter.VAR_POSITIONAL:
            result.append(GOOD[parameter.name]())
    if method in ("storbinary", "storlines", "retrbinary") and odd == "cmd":
        result.append(GOOD["callback" if method == "retrbinary" else "fp"]())
    return result


ROWS = list(rows())


@pytest.mark.parametrize(("method", "parameter", "value"), ROWS, ids=["-".join(row) for row in ROWS])
def test_odd_argument(method, parameter, value):
    def script(lib, env):
        ftp = env.ftp(debug=1)
        result = env.attempt(drain, getattr(ftp, method), arguments(method, parameter, value), env)
        env.attempt(ftp.pwd)
        return result

    same(script, data=b"type=file; one\r\n")


def drain(call, args, env):
    """Call; a transfer's connection is closed and its end read, a generator is read to its end."""
    result = call(*args)
    if inspect.isgenerator(result):
        return list(result)
    conn = result[0] if isinstance(result, tuple) else result
    if hasattr(conn, "getpeername"):
        env.note(conn, result[1:] if isinstance(result, tuple) else ())
        conn.close()
        return conn.fileno()
    return result


HOSTS = ["None", "int", "true", "float", "no-bytes", "nul", "surrogate", "list", "tuple", "object", "long"]


@pytest.mark.parametrize("value", HOSTS)
@pytest.mark.parametrize("way", ["connect", "init"])
def test_odd_host(value, way):
    def script(lib, env):
        host = VALUES[value]()
        if way == "init":
            ftp = env.unconnected()
            ftp.port = env.port
            return ftp.__init__(host)
        ftp = env.unconnected()
        env.attempt(ftp.connect, host, env.port)
        return None

    same(script)


@pytest.mark.parametrize("value", [v for v in VALUES if v not in ("crlf", "int", "true")])
def test_odd_port(value):
    def script(lib, env):
        ftp = env.unconnected()
        ftp.port = env.port  # for the values that mean "as it is"
        return ftp.connect(env.host, VALUES[value]())

    same(script)


@pytest.mark.parametrize("number", [65536, 70000, 2**31, 2**64, -5, float("nan"), float("inf")])
def test_port_out_of_range(number):
    def script(lib, env):
        ftp = env.unconnected()
        ftp.port = env.port
        return ftp.connect(env.host, number)

    same(script)


@pytest.mark.parametrize("way", ["connect", "init", "attribute"])
@pytest.mark.parametrize(
    "timeout",
    [0, 0.0, False, -1, -0.5, "", "5", None, b"", [], 1e300, float("nan"), float("inf"), 20, 20.5, -999],
)
def test_odd_timeout(timeout, way):
    same(connecting(way, timeout))


@pytest.mark.parametrize(
    "way", ["connect", pytest.param("init", marks=pytest.mark.long), pytest.param("attribute", marks=pytest.mark.long)]
)
def test_true_is_a_second(way):
    """Of silence: a greeting would have to come within it."""
    assert same(connecting(way, True), greeting=None).exception["args"] == ["tuple", "'timed out'"]


def connecting(way, timeout):
    def script(lib, env):
        if way == "init":
            ftp = env.keep(lib.FTP(timeout=timeout))
            return ftp.connect(env.host, env.port)
        ftp = env.unconnected()
        if way == "attribute":
            ftp.timeout = timeout
            return ftp.connect(env.host, env.port)
        return ftp.connect(env.host, env.port, timeout)

    return script


@pytest.mark.parametrize(
    "source",
    [("127.0.0.1", 0), ("", 0), ("127.0.0.2", 0), ("256.0.0.1", 0), (), "x", 5, b"x", ("127.0.0.1",), 0, "", []],
)
@pytest.mark.parametrize("way", ["connect", "init", "attribute"])
def test_odd_source_address(source, way):
    def script(lib, env):
        if way == "init":
            ftp = env.keep(lib.FTP(source_address=source, timeout=20))
            ftp.connect(env.host, env.port)
        elif way == "connect":
            ftp = env.unconnected()
            ftp.connect(env.host, env.port, source_address=source)
        else:
            ftp = env.ftp()
            ftp.source_address = source
        env.note(ftp.sock.getsockname()[0])
        with ftp.transfercmd("LIST") as conn:
            env.note(conn.getsockname()[0])
        return ftp.voidresp()

    same(script)


@pytest.mark.parametrize("encoding", [None, 5, b"utf-8", "", "no-such", "utf-8\0", "rot13", "hex", "utf-16"])
def test_odd_encoding(encoding):
    def script(lib, env):
        ftp = env.keep(lib.FTP(encoding=encoding, timeout=20))
        env.attempt(ftp.connect, env.host, env.port)
        env.attempt(ftp.pwd)
        env.attempt(ftp.cwd, "é")

    same(script)


def test_calls_with_too_few_and_too_many_arguments():
    """The messages of these are Python's own affair; the type, and that nothing is sent, are not."""

    def script(lib, env):
        ftp = env.ftp()
        for name, function in inspect.getmembers(ftplib.FTP, inspect.isfunction):
            if name.startswith("__") or name in ("nlst", "dir"):
                continue
            method, parameters = getattr(ftp, name), inspect.signature(function).parameters
            for count in range(0, len(parameters) + 2):
                try:
                    inspect.signature(getattr(ftplib.FTP(), name)).bind(*range(count))
                except TypeError:
                    with pytest.raises(TypeError):
                        method(*range(count))
            with pytest.raises(TypeError):
                method(no_such_parameter=1)
        return ftp.pwd()

    same(script)


def test_every_parameter_by_keyword():
    def script(lib, env):
        ftp = env.unconnected(debug=1)
        env.note(ftp.connect(host=env.host, port=env.port, timeout=20, source_address=None))
        env.note(ftp.login(user="u", passwd="p", acct="a"))
        env.note(ftp.sanitize(s="PASS x"), ftp.sendcmd(cmd="NOOP"), ftp.voidcmd(cmd="NOOP"))
        ftp.putline(line="NOOP"), ftp.getresp(), ftp.putcmd(line="NOOP"), ftp.getresp()
        env.note(ftp.retrbinary(cmd="RETR x", callback=env.note, blocksize=4, rest=1))
        env.note(ftp.retrlines(cmd="LIST", callback=env.note))
        env.note(ftp.storbinary(cmd="STOR x", fp=io.BytesIO(b"abc"), blocksize=2, callback=env.note, rest=0))
        env.note(ftp.storlines(cmd="STOR x", fp=io.BytesIO(b"a\nb"), callback=env.note))
        env.note(list(ftp.mlsd(path="p", facts=["type"])), ftp.acct(password="x"))
        env.note(ftp.rename(fromname="a", toname="b"), ftp.delete(filename="a"), ftp.cwd(dirname="d"))
        env.note(ftp.size(filename="a"), ftp.mkd(dirname="d"), ftp.rmd(dirname="d"))
        env.note(ftp.sendport(host="1.2.3.4", port=5), ftp.sendeprt(host="1.2.3.4", port=5))
        ftp.set_debuglevel(level=0), ftp.debug(level=1), ftp.set_pasv(val=1)
        ftp.transfercmd(cmd="LIST", rest=None).close()
        ftp.voidresp()
        ftp.ntransfercmd(cmd="LIST", rest="5")[0].close()
        return ftp.voidresp()

    same(script)
