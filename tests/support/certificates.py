"""The scripted servers' certificates, made anew for each run as `servers.certificates` says, and contexts with them.

Child processes find them by the environment.
"""

from __future__ import annotations

import atexit
import functools
import os
import pathlib
import shutil
import ssl
import tempfile

WHERE = "RFTPLIB_TEST_CERTIFICATES"
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


def folder() -> pathlib.Path:
    """Where the server's certificates lie; they are made at the first call in a run."""
    if WHERE not in os.environ:
        from servers.certificates import make  # needs trustme, which a child process may lack

        made = tempfile.mkdtemp(prefix="rftplib-certificates-")
        atexit.register(_remove, made, os.getpid())
        make(pathlib.Path(made))
        os.environ[WHERE] = made
    return pathlib.Path(os.environ[WHERE])


def server_context(name="server", version=None, client_ca=False, **settings):
    """A server's context that shows the leaf `name`; `client_ca`: it demands a certificate of our authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder() / f"{name}.pem")
    if version is not None:
        context.minimum_version = context.maximum_version = VERSIONS.get(version, version)
    if client_ca:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder() / "ca.crt")
    for setting, value in settings.items():
        setattr(context, setting, value)
    return context


def client_context(version=None, cafile=None):
    """A client's context that trusts our authority, and nobody else."""
    context = ssl.create_default_context(cafile=cafile or folder() / "ca.crt")
    if version is not None:
        context.minimum_version = context.maximum_version = VERSIONS.get(version, version)
    return context


def _remove(made, process):
    if os.getpid() == process:  # and no fork of it
        shutil.rmtree(made, ignore_errors=True)


CA_FILE = str(folder() / "ca.crt")
SERVER_PEM = str(folder() / "server.pem")


@functools.lru_cache(None)
def default_server_context():
    return server_context()
