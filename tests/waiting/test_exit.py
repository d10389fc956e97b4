"""A daemon thread is in the middle of somebody's code, called by rftplib, when the interpreter ends: it ends well.

Up to Python 3.13 the interpreter ends such a thread as soon as it wants the GIL back, by unwinding its stack; Rust in
there would abort the whole process.
"""

from __future__ import annotations

import concurrent.futures
import subprocess
import sys

import pytest
from soak import canned

LIMIT = 60.0
AT_ONCE = 3
LATER_TURNS = ("turn 2", "turn 5", "turn 8")

PROLOGUE = """\
import codecs, gc, io, logging, sys, threading, time
import rftplib

here, ended = threading.Event(), threading.Event()
worker = None

def stay(*args):
    "Code of others, in the daemon thread: lets go of the GIL and wants it back, for ever."
    if threading.current_thread() is worker:
        here.set()
        while True:
            time.sleep(0.001)

class Last:
    "The interpreter has begun to end when this goes; then the thread has the time to want the GIL."
    def __del__(self, sleep=time.sleep):
        sleep(0.1)

def client(cls=rftplib.FTP):
    ftp = cls(timeout=20)
    ftp.connect("127.0.0.1", PORT)
    ftp.login("user", "secret")
    return ftp

class Odd(rftplib.FTP):
    pass

class Text(str):
    pass

class Number(int):
    pass

ftp = client(Odd)

def work():
    ftp.voidcmd("NOOP")
"""

EPILOGUE = """
def run():
    try:
        work()
    finally:
        ended.set()
        here.set()

worker = threading.Thread(target=run, daemon=True)
worker.start()
here.wait(20)
if ended.is_set() or not here.is_set():
    sys.exit("the thread never came there")
sys.last = Last()  # the names of sys are the last to go
"""

# What calls stay(); work() is what the thread does.
CASES = {
    "a setter": """
def setter(self, name, value):
    stay()
    object.__setattr__(self, name, value)
Odd.__setattr__ = setter
""",
    **{
        f"the property {name}": f"""
value = ftp.{name}
Odd.{name} = property(lambda self: (stay(), value)[1], lambda self, value: None)
work = lambda: (ftp.voidcmd("TYPE I"), ftp.retrlines("LIST", str))
"""
        for name in ("sock", "file", "encoding", "maxline", "debugging", "skip_redundant_type")
    },
    "the property __dict__": """
class Hidden(rftplib.FTP):
    __dict__ = property(stay)
ftp.__class__ = Hidden
""",
    "the property max_reply": """
Odd.max_reply = property(stay)
lines = iter(["200-one", "200 two"])
ftp.getline = lambda: next(lines)
""",
    "a missing attribute": "del rftplib.FTP.maxline\nOdd.__getattr__ = stay",
    "an attribute of the class": """
class Meta(type):
    def __getattribute__(cls, name):
        stay()
        return type.__getattribute__(cls, name)
ftp.__class__ = Meta("Odd", (rftplib.FTP,), {})
""",
    "an override": "Odd.sanitize = stay\nftp.debugging = 1",
    "a command": "Text.__contains__ = stay\nwork = lambda: ftp.sendcmd(Text('NOOP'))",
    "a command that is added to": "Text.__add__ = stay\nwork = lambda: ftp.sendcmd(Text('NOOP'))",
    "a line": "Text.__getitem__ = stay\nftp.getline = lambda: Text('200 ok')",
    "a later line": "Text.__radd__ = stay\nlines = iter(['200-ok', Text('200 ok')])\nftp.getline = lambda: next(lines)",
    "a reply": "Text.__getitem__ = stay\nftp.getmultiline = lambda: Text('200 ok')",
    "a reply that is compared": "Text.__getitem__ = stay\nftp.getresp = lambda: Text('200 ok')",
    "a number that is compared": "Number.__gt__ = stay\nftp.debugging = Number()",
    "a number that is true or false": "Number.__bool__ = stay\nftp.debugging = Number()",
    "a number that is added to": "Number.__add__ = stay\nftp.maxline = Number(100)",
    "a number of a reply's length": """
class Length:
    __index__ = stay
lines = iter(["200-one", "200 two"])
ftp.getline, ftp.max_reply = lambda: next(lines), Length()
""",
    "a switch": "Number.__bool__ = stay\nftp.skip_redundant_type = Number()\nwork = lambda: ftp.voidcmd('TYPE I')",
    "an exception": "rftplib.error_perm.__init__ = stay\nwork = lambda: ftp.voidcmd('WHAT')",
    "an audit hook": "sys.addaudithook(lambda event, args: event == 'ftplib.sendcmd' and stay())",
    "debug output": """
class Output(io.StringIO):
    write = stay
ftp.debugging, sys.stdout = 1, Output()
""",
    "an encoding": "codecs.register(lambda name: codecs.CodecInfo(stay, stay, name='odd'))\nftp.encoding = 'odd'",
    "a log handler": """
class Handler(logging.Handler):
    handle = stay  # not emit: that has a lock, which is waited for when the interpreter ends
logging.getLogger("rftplib").addHandler(Handler())
logging.getLogger("rftplib").setLevel(logging.DEBUG)
""",
    "a log filter": """
logging.getLogger("rftplib.control").addFilter(lambda record: stay())
logging.getLogger("rftplib").setLevel(logging.DEBUG)
""",
    "a logger's level": """
logging.getLogger("rftplib").setLevel(logging.DEBUG)
logging.getLogger("rftplib.control").isEnabledFor = stay
""",
    "a log record": """
logging.setLogRecordFactory(stay)
logging.getLogger("rftplib").setLevel(logging.DEBUG)
""",
    "what a log handler raises": """
class Handler(logging.Handler):
    def emit(self, record):
        raise RuntimeError("a broken handler")
sys.unraisablehook = stay
logging.getLogger("rftplib").addHandler(Handler())
logging.getLogger("rftplib").setLevel(logging.DEBUG)
""",
    "a callback for blocks": "work = lambda: ftp.retrbinary('RETR x', stay)",
    "a callback for lines": "work = lambda: ftp.retrlines('LIST', stay)",
    "a callback for blocks that were sent": "work = lambda: ftp.storbinary('STOR x', io.BytesIO(b'x'), callback=stay)",
    "a callback for lines that were sent": "work = lambda: ftp.storlines('STOR x', io.BytesIO(b'x'), callback=stay)",
    "a callback that is true or false": """
class Callback:
    __bool__ = stay
work = lambda: ftp.storbinary("STOR x", io.BytesIO(b"x"), callback=Callback())
""",
    "what a callback returns": """
class Result:
    __del__ = stay
work = lambda: ftp.retrbinary("RETR x", lambda block: Result())
""",
    "what a method returns": """
class Result:
    __del__ = stay
ftp.putline = lambda line: Result()
""",
    "a file that is read": """
class File:
    read = readline = stay
work = lambda: ftp.storbinary("STOR x", File())
""",
    "a file whose lines are read": """
class File:
    read = readline = stay
work = lambda: ftp.storlines("STOR x", File())
""",
    "a block that is true or false": """
class Block(bytes):
    __len__ = stay
class File:
    read = lambda self, size: Block(b"x")
work = lambda: ftp.storbinary("STOR x", File())
""",
    "a line whose end is looked at": """
class Line(bytes):
    __getitem__ = stay
class File:
    readline = lambda self, size: Line(b"x")
work = lambda: ftp.storlines("STOR x", File())
""",
    "a reply that is parsed": """
class Reply:
    __getitem__ = stay
work = lambda: rftplib.parse257(Reply())
""",
    "a peer that is looked at": """
class Peer:
    __getitem__ = stay
work = lambda: rftplib.parse229("229 (|||1|)", Peer())
""",
    # Up to Python 3.11 the collector runs wherever a container is made: then the thread stays in it.
    **{
        f"the collector, at {what}, turn {number}": f"""
def collecting(phase, info, left=[{number}]):
    if threading.current_thread() is worker and phase == "start":
        left[0] -= 1
        if not left[0]:
            stay()
gc.callbacks.append(collecting)
def work(kept=[]):
    gc.set_threshold(1, 1, 1)
    while True:
        kept.append([])  # or else nothing is to be collected in the end
        {{
            "a command": lambda: ftp.voidcmd("NOOP"),
            "a refusal": lambda: refused(),
            "a listing": lambda: list(listing()),
        }}[{what!r}]()
def refused():
    try:
        ftp.voidcmd("WHAT")
    except rftplib.error_perm:
        pass
def listing():
    lines = rftplib._rftplib.Listing()
    for number in range(20):
        lines.append("type=file;size=%d; x" % number)
    return lines
"""
        for what in ("a command", "a refusal", "a listing")
        for number in (1, 2, 3, 5, 8)
    },
    "a finalizer that the collector runs": """
class Trash:
    __del__ = stay
def work():
    gc.disable()
    trash = Trash()
    trash.me = trash
    del trash
    gc.enable()
    gc.set_threshold(1)
    ftp.retrbinary("RETR x", lambda block: None)
""",
}


@pytest.fixture(scope="module")
def runs(request):
    """{case: its process, which has ended}, of those that are asked for. Some are there at a time: each just waits."""

    def run(case):
        script = PROLOGUE.replace("PORT", str(port)) + CASES[case] + EPILOGUE
        return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=LIMIT)

    with canned.running() as port, concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        cases = [item.callspec.params["case"] for item in request.session.items if item.module is request.module]
        return dict(zip(cases, pool.map(run, cases)))


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[pytest.mark.long] if case.endswith(LATER_TURNS) else []) for case in CASES],
)
def test_end(case, runs):
    run = runs[case]
    assert (run.returncode, run.stderr) == (0, "")
