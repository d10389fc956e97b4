"""The test program: `python -m rftplib`, with the flags and the output of `python -m ftplib`."""

import sys

import rftplib


def main():
    """Run the commands in sys.argv; see rftplib.test.__doc__."""
    if len(sys.argv) < 2 or sys.argv[1:] in (["-h"], ["--help"]):  # which ftplib takes for hosts
        print(rftplib.test.__doc__)
        sys.exit(0)

    debugging = 0
    rcfile = None
    while sys.argv[1] == "-d":
        debugging = debugging + 1
        del sys.argv[1]
    if sys.argv[1][:2] == "-r":
        rcfile = sys.argv[1][2:]
        del sys.argv[1]
    host = sys.argv[1]
    ftp = rftplib.FTP(host)
    ftp.set_debuglevel(debugging)
    ftp.login(*_credentials(host, rcfile))
    for arg in sys.argv[2:]:
        _run(ftp, arg)
        sys.stdout.flush()
    ftp.quit()


def _credentials(host, rcfile):
    """The user, password and account that .netrc has for the host, or ('', '', '')."""
    import netrc

    try:
        entry = netrc.netrc(rcfile).authenticators(host)
    except OSError:
        if rcfile is not None:
            print("Could not open account file -- using anonymous login.", file=sys.stderr)
        return "", "", ""
    if entry is None:
        print("No account -- using anonymous login.", file=sys.stderr)
        return "", "", ""
    user, acct, passwd = entry
    return user, passwd, acct


def _run(ftp, arg):
    """Do one command of the command line."""
    if arg[:2] == "-l":
        ftp.dir(arg[2:])
    elif arg[:2] == "-d":
        ftp.sendcmd("CWD " + arg[2:] if arg[2:] else "CWD")
    elif arg == "-p":
        ftp.set_pasv(not ftp.passiveserver)
    else:
        ftp.retrbinary("RETR " + arg, sys.stdout.buffer.write, 1024)
        sys.stdout.buffer.flush()
