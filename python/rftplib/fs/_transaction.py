"""The end of a transaction of fsspec's: each file gets its name if it can, and what can't is told and taken away."""

from fsspec.transaction import Transaction

from .._errors import also


class WholeTransaction(Transaction):
    """fsspec's stops at the first file that can't have its name, or, by its version, leaves the others as they are."""

    def complete(self, commit=True):
        """Commit or discard all files. Raises the first OSError, with the others in its text."""
        files, self.files = list(self.files), type(self.files)()
        failures = []
        try:
            while files:
                try:
                    files[0].commit() if commit else files[0].discard()
                except OSError as error:
                    failures.append(error)
                del files[0]
        finally:  # something else than a failure of a file, such as Ctrl-C
            for file in files:
                file.discard()
            super().complete(commit)  # which finds none
        if failures:
            first, *others = failures
            for other in others:
                first = also(first, str(other))
            raise first
