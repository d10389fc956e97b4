"""fsspec's ftp:// while rftplib is in ftplib's place: see rftplib.install().

fsspec isn't imported for it, as it may never be wanted: its registry is changed when somebody has imported it.
"""

import importlib
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import PathFinder

_NAME = "fsspec.registry"
_OURS = "rftplib.fs._in_place.FTPFileSystem"

# What was there before: the registry's note of the class, and the class, if it was in use already; None for nothing
_before = None


class _Finder(MetaPathFinder):
    """Changes the registry as soon as it is imported."""

    def find_spec(self, name, path=None, target=None):
        spec = PathFinder.find_spec(name, path, target) if name == _NAME else None
        if spec is None or spec.loader is None:
            return None
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            if self in sys.meta_path:
                _replace(module)

        spec.loader.exec_module = exec_module
        return spec


_finder = _Finder()


def add() -> None:
    """Have ftp:// be ours."""
    if _NAME in sys.modules:
        _replace(sys.modules[_NAME])
    sys.meta_path.insert(0, _finder)


def remove() -> None:
    """Have ftp:// be what it was, unless somebody has changed it again."""
    global _before
    if _finder in sys.meta_path:
        sys.meta_path.remove(_finder)
    registry, before = sys.modules.get(_NAME), _before
    _before = None
    if registry is None or before is None:
        return
    note, cls = before
    if registry.known_implementations.get("ftp", {}).get("class") == _OURS:
        registry.known_implementations["ftp"] = note
    if getattr(registry.registry.get("ftp"), "__module__", None) == _OURS.rpartition(".")[0]:
        registry.register_implementation("ftp", cls or _import(note["class"]), clobber=True)


def _replace(registry):
    global _before
    note, cls = registry.known_implementations.get("ftp"), registry.registry.get("ftp")
    if note is None:
        return  # another fsspec than we know
    _before = note, cls
    registry.register_implementation("ftp", _OURS, clobber=True)
    if cls is not None:
        registry.register_implementation("ftp", _import(_OURS), clobber=True)


def _import(name):
    module, _, name = name.rpartition(".")
    return getattr(importlib.import_module(module), name)
