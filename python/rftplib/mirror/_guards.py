"""When deleting is refused: whoever mirrors an empty or a half-listed source would lose everything."""


def refusal(deletions, source, target, max_delete):
    """Why these deletions are refused, as text; None if they aren't.

    source, target: the Trees. max_delete: how many may be, an int, or which part of all that the target has, a float;
    None for any number. An empty source is refused whatever it says.
    """
    if not deletions:
        return None
    if not any(node.kind == "file" for node in source.nodes.values()):
        return (
            f"the source has no files, and all {len(deletions):,} entries of the target would be deleted: "
            "see whether the source's path is right; an empty source deletes nothing, whatever max_delete says"
        )
    if max_delete is None:
        return None
    entries = len(target.nodes)
    allowed = max_delete if isinstance(max_delete, int) else int(max_delete * entries)
    if len(deletions) <= allowed:
        return None
    return (
        f"{len(deletions):,} of the target's {entries:,} entries would be deleted, and {allowed:,} may be: "
        f"see the plan (-n), and if it is right allow max_delete={len(deletions)} (--max-delete {len(deletions)})"
    )


def check_max_delete(value):
    """Return `value` if it is None, an int of at least 0 or a float from 0 to 1; raises ValueError or TypeError."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"max_delete is a number or None, not {type(value).__name__}")
    if value < 0 or (isinstance(value, float) and not value <= 1):
        raise ValueError("max_delete is a number of entries (int), or a part of all of them, from 0.0 to 1.0 (float)")
    return value


def withheld(plan_failures, run_failures):
    """Why nothing is deleted at the end of a run; None if everything went well."""
    count = len(plan_failures) + len(run_failures)
    if not count:
        return None
    what = "couldn't be listed or compared" if plan_failures else "couldn't be copied"
    return f"nothing was deleted, for {count:,} {'things' if count > 1 else 'thing'} {what}"
