"""`python -m rftplib.mirror SRC DST`."""

import sys

if __name__ == "__main__":
    try:
        from rftplib.mirror._cli import main  # which takes a while: Ctrl-C may come here already

        status = main()
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
