"""Files that one transfer at a time writes: whether they are ours, and still have their names."""

import os

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


def lock(descriptor):
    """Whether the open file is ours now: False if another one has it, None where there are no locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None  # a file system without them
    return True


def is_still(descriptor, path, **below):
    """Whether the open file has that name: who had it before may have finished it, or swept it away. below: dir_fd."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path, follow_symlinks=False, **below))
    except FileNotFoundError:
        return False
