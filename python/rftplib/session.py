"""Sessions beyond a single client: many commands at once, what a server can do.

>>> from rftplib.session import batch
>>> sizes = batch(ftp, ["SIZE " + name for name in names])   # one round trip, not one each
"""

from ._batch import Reply, batch
from ._features import Features, features
from ._recover import recover
from ._site import Site, Timeouts

__all__ = ["Features", "Reply", "Site", "Timeouts", "batch", "features", "recover"]

for _name in __all__:
    globals()[_name].__module__ = __name__
del _name
