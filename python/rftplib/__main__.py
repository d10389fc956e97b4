"""`python -m rftplib` runs the test program."""

from rftplib import test

test()
