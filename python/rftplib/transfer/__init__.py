"""Files that arrive whole: downloads and uploads with resume, verification and retries.

>>> from rftplib.transfer import get, put
>>> get("ftps://user@ftp.example.org", "data/big.iso", "big.iso")
"""

from ._values import Retry, TransferError, Transferred

# A mirror with nothing to do needs neither: they are imported when they are asked for. Type checkers see them here.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._get import get
    from ._put import put
del TYPE_CHECKING

__all__ = ["Retry", "TransferError", "Transferred", "get", "put"]

for _value in (Retry, TransferError, Transferred):
    _value.__module__ = __name__
del _value


def __getattr__(name):
    if name == "get":
        from ._get import get as found
    elif name == "put":
        from ._put import put as found
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found.__module__ = __name__
    globals()[name] = found
    return found


def __dir__():
    return sorted({*globals(), *__all__})
