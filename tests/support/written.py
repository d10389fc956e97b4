"""What a program has the disk keep, and in which order."""

from __future__ import annotations

import os


def note_order(monkeypatch):
    """A list to which each fsync() and each replace() by Python is appended: its name, the file's inode and size."""
    calls, fsync, replace = [], os.fsync, os.replace

    def note(name, told):
        calls.append((name, told.st_ino, told.st_size))

    def noted_fsync(descriptor):
        note("fsync", os.fstat(descriptor))
        fsync(descriptor)

    def noted_replace(source, target, *, src_dir_fd=None, dst_dir_fd=None):
        note("replace", os.stat(source, dir_fd=src_dir_fd))
        replace(source, target, src_dir_fd=src_dir_fd, dst_dir_fd=dst_dir_fd)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(os, "replace", noted_replace)
    return calls


def check_order(calls, *paths):
    """Assert that each of these files had been written out, whole, before it got its name."""
    for path in paths:
        told = os.stat(path)
        mine = [(name, size) for name, inode, size in calls if inode == told.st_ino]
        assert mine == [("fsync", told.st_size), ("replace", told.st_size)], path
