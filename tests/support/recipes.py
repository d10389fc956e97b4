"""What people copy from answers on the web to make ftplib's FTP_TLS work, word for word.

Each function takes the module (ftplib, or rftplib in its place) and returns a class, which is used by
`connect(); login(); prot_p()`.
"""

# ruff: noqa: UP008

from __future__ import annotations

import socket
import ssl


def implicit_by_property(ftplib):
    class ImplicitFTP_TLS(ftplib.FTP_TLS):
        """FTP_TLS subclass that automatically wraps sockets in SSL to support implicit FTPS."""

        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self._sock = None

        @property
        def sock(self):
            """Return the socket."""
            return self._sock

        @sock.setter
        def sock(self, value):
            """When modifying the socket, ensure that it is ssl wrapped."""
            if value is not None and not isinstance(value, ssl.SSLSocket):
                value = self.context.wrap_socket(value)
            self._sock = value

    return ImplicitFTP_TLS


def implicit_by_property_with_session(ftplib):
    class ImplicitFTP_TLS(implicit_by_property(ftplib)):
        def ntransfercmd(self, cmd, rest=None):
            conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
            if self._prot_p:
                conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
            return conn, size

    return ImplicitFTP_TLS


def implicit_by_connect(ftplib):
    class FTP_TLS_Implicit(ftplib.FTP_TLS):
        def connect(self, host="", port=0, timeout=-999, source_address=None):
            if host != "":
                self.host = host
            if port > 0:
                self.port = port
            if timeout != -999:
                self.timeout = timeout
            self.sock = socket.create_connection((self.host, self.port), self.timeout)
            self.af = self.sock.family
            self.sock = self.context.wrap_socket(self.sock, server_hostname=self.host)
            self.file = self.sock.makefile("r", encoding=self.encoding)
            self.welcome = self.getresp()
            return self.welcome

    return FTP_TLS_Implicit


def session_by_ftp(ftplib):
    class MyFTP_TLS(ftplib.FTP_TLS):
        """Explicit FTPS, with shared TLS session"""

        def ntransfercmd(self, cmd, rest=None):
            conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
            if self._prot_p:
                conn = self.context.wrap_socket(
                    conn,
                    server_hostname=self.host,
                    session=self.sock.session,  # this is the fix
                )
            return conn, size

    return MyFTP_TLS


def session_by_super(ftplib):
    FTP_TLS = ftplib.FTP_TLS

    class ReusedSession(FTP_TLS):
        def ntransfercmd(self, cmd, rest=None):
            conn, size = super(FTP_TLS, self).ntransfercmd(cmd, rest)
            if self._prot_p:
                session = self.sock.session
                if isinstance(self.sock, ssl.SSLSocket):
                    session = self.sock.session
                conn = self.context.wrap_socket(conn, server_hostname=self.host, session=session)
            return conn, size

    return ReusedSession


def unwrap_by_class(ftplib):
    class ReusedSslSocket(ssl.SSLSocket):
        def unwrap(self):
            pass

    class MyFTP_TLS(ftplib.FTP_TLS):
        """Explicit FTPS, with shared TLS session"""

        def ntransfercmd(self, cmd, rest=None):
            conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
            if self._prot_p:
                conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
                conn.__class__ = ReusedSslSocket  # we should not close reused ssl socket when file transfers finish
            return conn, size

    return MyFTP_TLS


def unwrap_by_attribute(ftplib):
    class FTPTLS(ftplib.FTP_TLS):
        def ntransfercmd(self, cmd, rest=None):
            conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
            if self._prot_p:
                conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
                conn.unwrap = lambda: None
            return conn, size

    return FTPTLS


def unwrap_by_module(ftplib):
    """`ftplib._SSLSocket = None` comes with it; whoever calls this has to put it back."""
    ftplib._SSLSocket = None
    return session_by_ftp(ftplib)


IMPLICIT = [implicit_by_property, implicit_by_property_with_session, implicit_by_connect]
SESSION = [session_by_ftp, session_by_super]
NO_UNWRAP = [unwrap_by_class, unwrap_by_attribute, unwrap_by_module]
