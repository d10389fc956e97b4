"""vsftpd as it comes, which demands that data connections resume the TLS session: the tests' one, for compare.py."""

from __future__ import annotations

import pathlib
import sys

from works_threads import SIZES

TESTS = pathlib.Path(__file__).resolve().parent.parent / "tests"


class Vsftpd:
    """Runs until stop(), with files of zeros by the names that the work asks for. Raises OSError where it can't."""

    def __init__(self, scale: int):
        sys.path.insert(0, str(TESTS))
        from servers import CATALOGUE, Session
        from servers.layout import PASSWORD, USER, home

        self._session = Session(["vsftpd"], setup=True)
        lacking = self._session.open()
        if lacking:
            self._session.close()
            raise OSError("; ".join(lacking.values()))
        self.port, self.login = str(CATALOGUE["vsftpd"].port), f"{USER}:{PASSWORD}"
        self._home = home()
        self._files = [self._home / f"zero-{max(1, size // scale)}" for size in SIZES]
        for file, size in zip(self._files, SIZES):
            with open(file, "wb") as fp:
                fp.truncate(max(1, size // scale))
            file.chmod(0o644)

    def stop(self) -> None:
        for file in [*self._files, *self._home.glob("up-*")]:
            file.unlink(missing_ok=True)
        self._session.close()
