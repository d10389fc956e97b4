"""The licences that come with the installed package are those of what is in it."""

from __future__ import annotations

import importlib.metadata
import pathlib
import sys

from rftplib import _rftplib


def text(name):
    [file] = [file for file in importlib.metadata.files("rftplib") if file.name == name]
    return file.read_text(encoding="utf-8")


def packages():
    """The names in the list that the text begins with, each in a line with its version and its licence."""
    lines = text("LICENSE-THIRD-PARTY.txt").split("\n\n")[1].splitlines()
    return {line.split()[0] for line in lines}


def test_its_own_licence():
    assert text("LICENSE").startswith("MIT License")


def test_the_packages_of_this_system():
    assert {"pyo3", "native-tls", "memchr"} <= packages()
    assert ("openssl" in packages()) == (sys.platform == "linux")
    assert ("security-framework" in packages()) == (sys.platform == "darwin")
    assert ("schannel" in packages()) == (sys.platform == "win32")


def test_openssl_where_it_is_inside():
    engine = pathlib.Path(_rftplib.__file__).read_bytes()
    inside = sys.platform == "linux" and b"libssl.so" not in engine  # the name of what the system is to load
    assert ("Apache License 2.0: OpenSSL" in text("LICENSE-THIRD-PARTY.txt")) == inside
