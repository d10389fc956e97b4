"""`python -m rftplib.mirror SRC DST`."""

import gc
import sys

from rftplib import _loading

if __name__ == "__main__":
    try:
        _loading.end()
        gc.disable()
        from rftplib.mirror._cli import main  # which takes a while: Ctrl-C may come here already

        gc.freeze()  # modules stay: to look at them again and again takes 15 ms of a short run
        gc.enable()
        status = main()
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
