"""The exceptions: ftplib's own objects, so that code which imports either module catches both."""

try:
    from ftplib import Error, error_perm, error_proto, error_reply, error_temp
except ImportError:  # an interpreter without ftplib

    class Error(Exception):
        """The base of the exceptions below."""

    class error_reply(Error):
        """A reply that the dialogue doesn't allow here."""

    class error_temp(Error):
        """A 4xx reply."""

    class error_perm(Error):
        """A 5xx reply."""

    class error_proto(Error):
        """A reply that is none."""


__all__ = ["Error", "error_perm", "error_proto", "error_reply", "error_temp"]
