"""`python -m rftplib.mirror SRC DST`."""

import sys

from rftplib.mirror._cli import main

if __name__ == "__main__":  # worker processes import it, too
    sys.exit(main())
