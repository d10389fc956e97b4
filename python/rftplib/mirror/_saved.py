"""Saved plans are read here; what they say is believed no more than what a server says."""

import json
import os

from . import _names
from ._values import KINDS, PLAN_END, PLAN_VERSION, Action, Failure

# From the year 1 to 9999, in microseconds since 1970; what a file's size is at most
_TIMES, _SIZES = (-62_135_596_800_000_000, 253_402_300_799_999_999), (0, (1 << 63) - 1)


def read(path, source, target):
    """What a Plan is made of, but for its sides: actions, failures, refusal, creates, unchanged, skipped."""
    name = os.fspath(path)
    lines = _lines(name)
    head = lines[0] if lines else {}
    if head.get("rftplib.mirror") != PLAN_VERSION:
        raise ValueError(f"{name} is no plan, or one of another version")
    if lines[-1].keys() != {PLAN_END}:
        raise ValueError(f"{name} is cut off: its last line isn't that of a plan")
    told, there = lines[-1][PLAN_END], len(lines) - 1
    if told != there:
        raise ValueError(
            f"{name}: its last line tells of {str(told)[:40]} lines before it, and there are {there}; "
            f"if you took lines out or put some in, write {there} there"
        )
    for which, side in (("source", source), ("target", target)):
        if _without_password(head.get(which)) != _without_password(str(side)):  # which ~/.netrc may give
            raise ValueError(f"{name}: the plan's {which} is {head.get(which)!r}, not {str(side)!r}")
    actions, unchanged = [], []
    for number, line in enumerate(lines[1:-1], 2):
        kind = line.pop("kind", None)
        try:
            if kind == "same":
                unchanged.append(_action("copy", line, source, target))
            else:
                actions.append(_action(kind, line, source, target))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{name}, line {number} is no action of a plan: {error}") from None
    try:
        failures, refusal, skipped = _about(head)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name}, line 1 is no beginning of a plan: {error}") from None
    if not any(action.kind in ("delete", "rmdir") for action in actions):
        refusal = None
    return actions, failures, refusal, bool(head.get("creates")), unchanged, skipped


def _without_password(side):
    return side.replace(":***@", "@", 1) if isinstance(side, str) else side


def _lines(name):
    found = []
    with open(name, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                found.append(json.loads(line.decode("ascii")))
                whole = isinstance(found[-1], dict) and line.endswith(b"\n")
            except (ValueError, RecursionError):
                whole = False
            if not whole:
                what = "is no plan" if number == 1 else "is a plan that is damaged"
                raise ValueError(f"{name} {what}: line {number} can't be read")
    return found


def _about(head):
    failures = [Failure(**failure) for failure in head.get("failures") or ()]
    refusal, skipped = head.get("refusal"), head.get("skipped", 0)
    if not all(isinstance(text, str) for failure in failures for text in failure):
        raise ValueError("its failures are none")
    if not isinstance(refusal, (str, type(None))):
        raise ValueError("its refusal is no text")
    if type(skipped) is not int or skipped < 0:
        raise ValueError("the number of skipped links is none")
    return failures, refusal, skipped


def _action(kind, fields, source, target):
    if fields.get("there") is not None:
        what, size, modified = fields["there"]
        if not isinstance(what, str) or not all(type(one) in (int, type(None)) for one in (size, modified)):
            raise ValueError("there is a kind, a size and a time")
        fields["there"] = what, size, modified
    action = Action(kind, **fields)
    if kind not in KINDS:
        raise ValueError(f"{kind!r} is nothing that can be done")
    _check_path(action.path, target.sent)
    _check_path(action.path if action.origin is None else action.origin, source.sent)
    for number, (least, most) in ((action.size, _SIZES), (action.modified, _TIMES)):
        if number is not None and not (type(number) is int and least <= number <= most):
            raise ValueError(f"{str(number)[:40]} is no size, or no time")
    if kind == "touch" and action.modified is None:
        raise ValueError("there is no time to be set")
    if not isinstance(action.reason, str) or not isinstance(action.target, (str, type(None))):
        raise ValueError("reason and target are texts")
    if action.target is not None and not hasattr(target, "folders"):
        raise ValueError("links can be made in a local target only")
    return action


def _check_path(path, sent):
    """Raise unless it stays below the root and, if a server is asked for it, fits into a command."""
    _names.check_path(path)
    path.encode("utf-8", "surrogateescape")
    for name in path.split("/") if sent else ():
        found = _names.trouble(name, sent=sent)
        if found:
            raise ValueError(f"the name {name!r} {found}")
