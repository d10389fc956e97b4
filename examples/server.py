#!/usr/bin/env python3
"""A small FTP server, standard library only, for trying things out on this machine.

    python examples/server.py [--port N] [DIRECTORY]

Serves DIRECTORY (or a temporary one, removed afterwards) on 127.0.0.1 to user "demo", password "secret", prints its
address and runs until Ctrl-C. The demo and the README's session run against it:

    with Server(directory) as server:
        print(server.url)

Passive mode only, plain text only: made for loopback, and it listens nowhere else.
"""

import argparse
import os
import shutil
import socket
import socketserver
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Optional, Union

USER, PASSWORD = "demo", "secret"
TIMEOUT = 60  # seconds without a command, or without progress on a data connection


Work = Callable[[socket.socket], object]


class Refused(Exception):
    """Carries the reply for a command that can't be carried out."""


class Session(socketserver.StreamRequestHandler):
    """One control connection. Each command is a method: cmd_RETR(argument) returns the reply."""

    timeout = TIMEOUT
    before_login = {"USER", "PASS", "QUIT", "FEAT", "SYST", "NOOP", "OPTS"}

    # -- the dialogue

    def handle(self) -> None:
        self.cwd, self.user, self.logged_in, self.ascii, self.rest, self.aborted = "/", "", False, True, 0, False
        self.rename_from: Optional[str] = None
        self.listener: Optional[socket.socket] = None
        self.data: Optional[socket.socket] = None
        self.transfer: Optional[threading.Thread] = None
        self.lock = threading.Lock()
        # ABOR may come as urgent data; inline, its last byte isn't lost.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        self.reply("220 rftplib example server ready")
        try:
            while self.one_command():
                pass
        except OSError:
            pass  # the client is gone, or silent for too long
        finally:
            self.close_listener()
            self.stop_transfer()

    def one_command(self) -> bool:
        line = self.rfile.readline(8192)
        if not line:
            return False
        # Telnet's "interrupt process" and "synch" may come before ABOR (RFC 959, 4.1.3).
        text = line.lstrip(b"\xff\xf4\xf2").decode("utf-8", "surrogateescape").rstrip("\r\n")
        verb, _, argument = text.partition(" ")
        verb = verb.upper()
        if verb != "ABOR" and self.transfer:
            self.transfer.join()  # a command sent during a transfer is answered after it
        method = getattr(self, "cmd_" + verb, None)
        try:
            if method is None:
                raise Refused(f"502 {verb} not implemented")
            if not self.logged_in and verb not in self.before_login:
                raise Refused("530 Please log in")
            reply = method(argument)
        except Refused as refusal:
            reply = str(refusal)
        except OSError as error:
            reply = f"550 {error.strerror or error}"
        if reply:
            self.reply(reply)
        return verb != "QUIT"

    def reply(self, text: str) -> None:
        with self.lock:  # the transfer's thread replies too
            self.connection.sendall(text.encode("utf-8", "surrogateescape") + b"\r\n")

    # -- paths

    def virtual(self, argument: str) -> str:
        """The path as the client sees it: absolute, without dots."""
        parts: list[str] = []
        for part in (self.cwd + "/" + argument if not argument.startswith("/") else argument).split("/"):
            if part == "..":
                parts = parts[:-1]
            elif part not in ("", "."):
                parts.append(part)
        return "/" + "/".join(parts)

    def local(self, argument: str) -> str:
        """The path on disk; nothing outside the served directory, symbolic links included."""
        if "\0" in argument:
            raise Refused("553 No such name")
        assert isinstance(self.server, Server)
        root = self.server.root
        path = os.path.join(root, self.virtual(argument).lstrip("/"))
        if os.path.commonpath([root, os.path.realpath(path)]) != root:
            raise Refused("550 Outside the served directory")
        return path

    # -- logging in, and small talk

    def cmd_USER(self, argument: str) -> str:
        self.user, self.logged_in = argument, False
        return "331 Password, please"

    def cmd_PASS(self, argument: str) -> str:
        if (self.user, argument) != (USER, PASSWORD):
            raise Refused("530 Wrong user or password")
        self.logged_in = True
        return "230 Logged in"

    def cmd_FEAT(self, argument: str) -> str:
        return "211-Features:\r\n EPSV\r\n MLST size*;modify*;type*;\r\n REST STREAM\r\n SIZE\r\n UTF8\r\n211 End"

    def cmd_OPTS(self, argument: str) -> str:
        return "200 OK" if argument.upper().split(" ")[0] in ("UTF8", "MLST") else "501 Unknown option"

    def cmd_SYST(self, argument: str) -> str:
        return "215 UNIX Type: L8"

    def cmd_NOOP(self, argument: str) -> str:
        return "200 OK"

    def cmd_QUIT(self, argument: str) -> str:
        return "221 Goodbye"

    def cmd_TYPE(self, argument: str) -> str:
        if argument.upper()[:1] not in ("A", "I"):
            raise Refused("504 TYPE A or TYPE I only")
        self.ascii = argument.upper().startswith("A")
        return "200 Type set"

    # -- directories and files

    def cmd_PWD(self, argument: str) -> str:
        return '257 "{}" is the current directory'.format(self.cwd.replace('"', '""'))

    def cmd_CWD(self, argument: str) -> str:
        if not os.path.isdir(self.local(argument)):
            raise Refused("550 No such directory")
        self.cwd = self.virtual(argument)
        return "250 Directory changed"

    def cmd_CDUP(self, argument: str) -> str:
        return self.cmd_CWD("..")

    def cmd_MKD(self, argument: str) -> str:
        os.mkdir(self.local(argument))
        return '257 "{}" created'.format(self.virtual(argument).replace('"', '""'))

    def cmd_RMD(self, argument: str) -> str:
        os.rmdir(self.local(argument))
        return "250 Directory removed"

    def cmd_DELE(self, argument: str) -> str:
        os.remove(self.local(argument))
        return "250 File removed"

    def cmd_SIZE(self, argument: str) -> str:
        if not os.path.isfile(self.local(argument)):
            raise Refused("550 No such file")
        return f"213 {os.path.getsize(self.local(argument))}"

    def cmd_RNFR(self, argument: str) -> str:
        self.rename_from = self.local(argument)
        os.lstat(self.rename_from)
        return "350 And its new name?"

    def cmd_RNTO(self, argument: str) -> str:
        if self.rename_from is None:
            raise Refused("503 RNFR first")
        os.rename(self.rename_from, self.local(argument))
        self.rename_from = None
        return "250 Renamed"

    def cmd_REST(self, argument: str) -> str:
        if not argument.isdecimal():
            raise Refused("501 Not a number")
        self.rest = int(argument)
        return f"350 Restarting at {self.rest}"

    # -- data connections

    def listen(self) -> tuple[str, int]:
        self.close_listener()
        host = self.connection.getsockname()[0]
        self.listener = socket.create_server((host, 0), family=self.connection.family, backlog=1)
        self.listener.settimeout(TIMEOUT)
        return host, self.listener.getsockname()[1]

    def close_listener(self) -> None:
        if self.listener:
            self.listener.close()
            self.listener = None

    def cmd_PASV(self, argument: str) -> str:
        host, port = self.listen()
        return "227 Entering Passive Mode ({},{},{}).".format(host.replace(".", ","), port >> 8, port & 255)

    def cmd_EPSV(self, argument: str) -> str:
        return f"229 Entering Extended Passive Mode (|||{self.listen()[1]}|)"

    def start(self, work: Work, about: str) -> None:
        """Accept the data connection and do the work in a thread, so that ABOR can be read meanwhile."""
        if self.listener is None:
            raise Refused("425 PASV or EPSV first")
        self.reply(f"150 Opening data connection for {about}")
        try:
            self.data, _ = self.listener.accept()
        except OSError as error:
            raise Refused("425 No data connection came") from error
        finally:
            self.close_listener()
        self.data.settimeout(TIMEOUT)
        self.aborted = False
        self.transfer = threading.Thread(target=self.run_transfer, args=(work, self.data), daemon=True)
        self.transfer.start()

    def run_transfer(self, work: Work, data: socket.socket) -> None:
        try:
            try:
                with data:
                    work(data)
                reply = "226 Transfer complete"
            except OSError as error:
                reply = "426 Transfer aborted" if self.aborted else f"426 {error.strerror or error}"
            self.reply(reply)
        except OSError:
            pass  # nobody left to tell

    def stop_transfer(self) -> None:
        if self.transfer and self.data and self.transfer.is_alive():
            self.aborted = True
            try:
                self.data.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # it ended by itself just now
            self.transfer.join()

    def cmd_ABOR(self, argument: str) -> str:
        self.close_listener()
        self.stop_transfer()
        return "226 Abort successful"

    def cmd_RETR(self, argument: str) -> None:
        path = self.local(argument)
        if not os.path.isfile(path):
            raise Refused("550 No such file")
        start, self.rest = self.rest, 0
        source = open(path, "rb")
        source.seek(start)

        def work(data: socket.socket) -> None:
            with source:
                if self.ascii:
                    for line in source:
                        data.sendall(line[:-1] + b"\r\n" if line.endswith(b"\n") else line)
                else:
                    data.sendfile(source, offset=start)

        try:
            self.start(work, f"{os.path.basename(path)} ({os.path.getsize(path)} bytes)")
        except BaseException:
            source.close()
            raise

    def receive(self, argument: str, mode: str) -> None:
        path = self.local(argument)
        start, self.rest = self.rest, 0
        target = open(path, "r+b" if start else mode)
        if start:
            target.seek(start)
            target.truncate()

        def work(data: socket.socket) -> None:
            with target, data.makefile("rb") as source:
                if self.ascii:
                    for line in source:
                        target.write(line[:-2] + b"\n" if line.endswith(b"\r\n") else line)
                else:
                    shutil.copyfileobj(source, target, 1 << 18)

        try:
            self.start(work, os.path.basename(path))
        except BaseException:
            target.close()
            raise

    def cmd_STOR(self, argument: str) -> None:
        self.receive(argument, "wb")

    def cmd_APPE(self, argument: str) -> None:
        self.receive(argument, "ab")

    # -- listings

    def listing(self, argument: str, line: Callable[[str, os.stat_result], str], name_only: bool = False) -> None:
        if argument.startswith("-"):  # "LIST -a": the options of ls make no difference here
            argument = argument.partition(" ")[2]
        path = self.local(argument)
        if os.path.isdir(path):
            entries = [(name, os.path.join(path, name)) for name in sorted(os.listdir(path))]
        elif os.path.lexists(path):
            entries = [(argument if name_only else os.path.basename(path), path)]
        else:
            raise Refused("550 No such file or directory")
        text = "".join(line(name, os.lstat(path)) + "\r\n" for name, path in entries)
        self.start(lambda data: data.sendall(text.encode("utf-8", "surrogateescape")), "the listing")

    def cmd_NLST(self, argument: str) -> None:
        self.listing(argument, lambda name, stat: name, name_only=True)

    def cmd_LIST(self, argument: str) -> None:
        def line(name: str, stat: os.stat_result) -> str:
            kind = "drwxr-xr-x" if stat.st_mode & 0o170000 == 0o040000 else "-rw-r--r--"
            when = time.strftime("%b %d  %Y", time.gmtime(stat.st_mtime))
            return f"{kind} 1 demo demo {stat.st_size:>12} {when} {name}"

        self.listing(argument, line)

    def cmd_MLSD(self, argument: str) -> None:
        def line(name: str, stat: os.stat_result) -> str:
            kind = "dir" if stat.st_mode & 0o170000 == 0o040000 else "file"
            when = time.strftime("%Y%m%d%H%M%S", time.gmtime(stat.st_mtime))
            return f"modify={when};size={stat.st_size};type={kind}; {name}"

        if not os.path.isdir(self.local(argument)):
            raise Refused("501 Not a directory")
        self.listing("./" + argument if argument.startswith("-") else argument, line)


class Server(socketserver.ThreadingTCPServer):
    """Serves one directory in background threads, from `with` to the end of the block."""

    daemon_threads = True
    allow_reuse_address = True
    block_on_close = False

    def __init__(self, directory: Union[str, os.PathLike[str]], port: int = 0, host: str = "127.0.0.1") -> None:
        self.root = os.path.realpath(directory)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Session)
        self.port = self.server_address[1]
        shown = f"[{host}]" if ":" in host else host
        self.url = f"ftp://{USER}:{PASSWORD}@{shown}:{self.port}/"

    def __enter__(self) -> "Server":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self.shutdown()
        self.server_close()


def main() -> Optional[str]:
    parser = argparse.ArgumentParser(description="A small FTP server on 127.0.0.1, for trying things out.")
    parser.add_argument("--port", type=int, default=0, help="default: any free one")
    parser.add_argument("directory", nargs="?", help="default: a temporary one")
    options = parser.parse_args()
    directory = options.directory or tempfile.mkdtemp(prefix="rftplib-example-")
    try:
        with Server(directory, options.port) as server:
            print(server.url, flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        pass
    except OSError as error:
        return f"{sys.argv[0]}: {error}"
    finally:
        if not options.directory:
            shutil.rmtree(directory, ignore_errors=True)
    return None


if __name__ == "__main__":
    sys.exit(main())
