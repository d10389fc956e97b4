"""Files that arrive whole: downloads and uploads with resume, verification and retries.

>>> from rftplib.transfer import get, put
>>> get("ftps://user@ftp.example.org", "data/big.iso", "big.iso")
"""

from ._get import get
from ._put import put
from ._values import Retry, TransferError, Transferred

__all__ = ["Retry", "TransferError", "Transferred", "get", "put"]

for _name in __all__:
    globals()[_name].__module__ = __name__
del _name
