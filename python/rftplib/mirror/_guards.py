"""When deleting is refused: whoever mirrors an empty or a half-listed source would lose everything."""

_MAX_DELETE = (
    "max_delete is a number of entries (int), a part of all of them (float from 0.0 to 1.0: 0.1 is a tenth), "
    "or None for any number"
)


def refusal(deletions, source, target, max_delete):
    """Why these deletions are refused, as text; None if they aren't.

    source, target: the Trees. max_delete: how many may be, an int, or which part of all that the target has, a float;
    None for any number. An empty source is refused whatever it says.
    """
    if not deletions:
        return None
    if not any(node.kind == "file" for node in source.nodes.values()):
        right = "the source's path is right"
        if source.hidden:
            out = _entries(len(source.hidden))
            right = f"the patterns are right (include, exclude), which leave out {out}, and {right}"
        return (
            f"the source has no files, and {_entries(len(deletions))} of the target would be deleted: "
            f"see whether {right}; an empty source deletes nothing, whatever max_delete says"
        )
    if max_delete is None:
        return None
    entries = len(target.nodes)
    allowed = max_delete if isinstance(max_delete, int) else int(max_delete * entries)
    if len(deletions) <= allowed:
        return None
    return (
        f"{len(deletions):,} of the target's {_entries(entries)} would be deleted, and {allowed:,} may be: "
        f"see the plan (-n), and if it is right allow max_delete={len(deletions)} (--max-delete {len(deletions)})"
    )


def _entries(count):
    return f"{count:,} {'entry' if count == 1 else 'entries'}"


def check_max_delete(value):
    """Return `value` if it is None, an int of at least 0 or a float from 0 to 1; raises ValueError or TypeError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{_MAX_DELETE}, not {value!r}")
    if value < 0 or (isinstance(value, float) and not value <= 1):
        raise ValueError(f"{_MAX_DELETE}, not {value!r}")
    return value


def withheld(plan_failures, run_failures):
    """Why nothing is deleted at the end of a run; None if everything went well."""
    count = len(plan_failures) + len(run_failures)
    if not count:
        return None
    what = "couldn't be listed or compared" if plan_failures else "couldn't be copied"
    return f"nothing was deleted, for {count:,} {'things' if count > 1 else 'thing'} {what}"
