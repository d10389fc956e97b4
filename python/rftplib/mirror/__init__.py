"""Directories kept alike: a server's and a local one, either way, or two servers'.

>>> from rftplib.mirror import plan
>>> plan = plan("ftps://user@ftp.example.org/photos", "photos", delete=True)
>>> for action in plan:
...     print(action)
>>> print(plan.run())

The same from a shell: `python -m rftplib.mirror SRC DST`.
"""

from ._plan import Plan
from ._planning import mirror, plan
from ._values import Action, Failure, Refused, Report

__all__ = ["Action", "Failure", "Plan", "Refused", "Report", "mirror", "plan"]

for _name in __all__:
    globals()[_name].__module__ = __name__
del _name
