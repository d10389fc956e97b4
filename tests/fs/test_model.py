"""Eight threads, random operations, and a model that says what must have come of them."""

from __future__ import annotations

import random
import threading

import pytest
from support.real import content

THREADS = 8
OPERATIONS = [25, pytest.param(125, marks=pytest.mark.long)]  # of each
DAILY = ("vsftpd-ipv4-tls1.3", "proftpd-ipv4-plain")
LARGE = ("vsftpd-ipv4-plain", "proftpd-ipv4-plain", "pureftpd-ipv4-plain")  # elsewhere it takes a minute and more
DATA = content(100_000)


class Model:
    """One folder, of one thread: files by name, and folders."""

    def __init__(self, fs, root, seed):
        self.fs, self.root, self.chance = fs, root, random.Random(seed)
        self.files, self.folders = {}, {""}
        fs.makedirs(root, exist_ok=True)

    def path(self, name):
        return f"{self.root}/{name}" if name else self.root

    def new(self):
        folder = self.chance.choice(sorted(self.folders))
        return f"{folder}/{self.chance.randrange(12)}".strip("/")

    def some(self):
        """The name of a file that is there, or now and then of one that isn't."""
        names = sorted(self.files)
        return self.chance.choice(names) if names and self.chance.random() < 0.9 else "missing"

    def step(self):
        operation = self.chance.choice(
            [self.write, self.write, self.stream, self.read, self.part, self.parts, self.delete, self.rename, self.look]
            + [self.make, self.list, self.remove, self.append, self.copy]
        )
        operation()

    def data(self):
        start = self.chance.randrange(len(DATA))
        return DATA[start : start + self.chance.choice([0, 1, 1000, 30_000])]

    def write(self):
        name = self.new()
        if name not in self.folders:
            self.files[name] = self.data()
            self.fs.pipe_file(self.path(name), self.files[name])

    def stream(self):
        name, data = self.new(), self.data() + self.data()
        if name in self.folders:
            return
        with self.fs.open(self.path(name), "wb", block_size=8000) as file:
            for start in range(0, len(data), 7000):
                file.write(data[start : start + 7000])
        self.files[name] = data

    def expect(self, name, call, right):
        if name in self.files:
            assert call() == right(self.files[name])
        else:
            with pytest.raises(FileNotFoundError):
                call()

    def read(self):
        name = self.some()
        self.expect(name, lambda: self.fs.cat_file(self.path(name)), lambda data: data)

    def part(self):
        name, start, end = self.some(), self.chance.randrange(2000), self.chance.randrange(40_000)
        self.expect(name, lambda: self.fs.cat_file(self.path(name), start, end), lambda data: data[start:end])

    def parts(self):
        names = [self.some() for _ in range(3)]
        found = self.fs.cat_ranges([self.path(name) for name in names], 10, 500)
        for name, data in zip(names, found):
            assert data == self.files[name][10:500] if name in self.files else isinstance(data, FileNotFoundError)

    def delete(self):
        name = self.some()
        self.expect(name, lambda: self.fs.rm(self.path(name)), lambda data: None)
        self.files.pop(name, None)

    def rename(self):
        name, new = self.some(), self.new()
        if new in self.folders or name == new:
            return
        self.expect(name, lambda: self.fs.mv(self.path(name), self.path(new)), lambda data: None)
        if name in self.files:
            self.files[new] = self.files.pop(name)

    def append(self):
        name, data = self.some(), self.data()
        if name in self.files:
            with self.fs.open(self.path(name), "ab") as file:
                file.write(data)
            self.files[name] += data

    def copy(self):
        name, new = self.some(), self.new()
        if new in self.folders:
            return
        self.expect(name, lambda: self.fs.cp_file(self.path(name), self.path(new)), lambda data: None)
        if name in self.files:
            self.files[new] = self.files[name]

    def look(self):
        name = self.some()
        self.expect(name, lambda: self.fs.info(self.path(name))["size"], len)
        assert self.fs.exists(self.path(name)) == (name in self.files)

    def make(self):
        name = self.new()
        if name.count("/") > 2 or name in self.files:
            return
        if name in self.folders:
            with pytest.raises(FileExistsError):
                self.fs.mkdir(self.path(name))
        self.fs.makedirs(self.path(name), exist_ok=True)
        self.folders.add(name)

    def list(self):
        folder = self.chance.choice(sorted(self.folders))
        found = {info["name"]: info["size"] for info in self.fs.ls(self.path(folder)) if info["type"] == "file"}
        assert found == {
            self.path(name): len(data) for name, data in self.files.items() if name.rpartition("/")[0] == folder
        }

    def remove(self):
        folder = self.chance.choice(sorted(self.folders))
        if not folder or self.chance.random() < 0.7:
            return
        self.fs.rm(self.path(folder), recursive=True)
        self.folders = {name for name in self.folders if not f"{name}/".startswith(f"{folder}/")}
        self.files = {name: data for name, data in self.files.items() if not name.startswith(f"{folder}/")}

    def check(self):
        found = self.fs.find(self.root, withdirs=True, detail=True)
        assert {name for name, info in found.items() if info["type"] == "directory"} == {
            self.path(folder) for folder in self.folders
        }
        files = {name: info["size"] for name, info in found.items() if info["type"] == "file"}
        assert files == {self.path(name): len(data) for name, data in self.files.items()}
        assert self.fs.cat(self.root, recursive=True) == {self.path(name): data for name, data in self.files.items()}


def eight_threads(work, operations):
    """Each does so many, in a folder of its own."""
    fs = work.fs(connections=4)
    failures = []

    def run(number):
        model = Model(fs, f"{work.root}/{number}", number)
        try:
            for _ in range(operations):
                model.step()
            model.check()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    assert not [name for name in work.names() if name.endswith(".part")]


@pytest.mark.parametrize("operations", OPERATIONS)
def test_eight_threads(work, operations):
    eight_threads(work, operations)


@pytest.mark.long
@pytest.mark.endpoints(where=lambda endpoint: str(endpoint) in LARGE)
def test_a_thousand_operations_of_each(work):
    eight_threads(work, 1000)
