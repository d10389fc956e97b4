"""Plans are made here: `rftplib.mirror.plan`, and `mirror`, which runs one at once."""

import functools
import time

from ..transfer._course import check_progress
from . import _apart, _guards
from ._compare import WAYS, Comparison, deletions
from ._names import stays_inside
from ._plan import Plan
from ._rules import Rules
from ._sides import sides
from ._values import Action, Failure

_DAY = 86_400


def mirror(
    source,
    target,
    *,
    compare="auto",
    include=(),
    exclude=(),
    newer_only=False,
    delete=False,
    max_delete=0.5,
    links="skip",
    names="refuse",
    connections=8,
    executor=None,
    verify="size",
    rate=None,
    progress=None,
    keep_going=True,
    manifest=None,
):
    """Make `target` like `source`, and return a Report: plan() and Plan.run() in one, with the options of both.

    Raises what they raise: Refused, above all, for a plan that would delete too much.
    """
    check_progress(progress)
    made = plan(
        source,
        target,
        compare=compare,
        include=include,
        exclude=exclude,
        newer_only=newer_only,
        delete=delete,
        max_delete=max_delete,
        links=links,
        names=names,
        connections=connections,
        manifest=manifest,
    )
    return made.run(
        connections=connections,
        executor=executor,
        verify=verify,
        rate=rate,
        progress=progress,
        keep_going=keep_going,
        manifest=manifest,
    )


def plan(
    source,
    target,
    *,
    compare="auto",
    include=(),
    exclude=(),
    newer_only=False,
    delete=False,
    max_delete=0.5,
    links="skip",
    names="refuse",
    connections=8,
    manifest=None,
):
    """List both sides and return the Plan that makes `target` like `source`. Nothing is changed.

    source, target: a Site (rftplib.session) or its URL, a path, or with fsspec any URL that it knows, such as
    's3://bucket/photos'; one of the two is a Site. The directory of the Site is the root, as the path is.

    compare: which files are copied. 'auto': those whose size or time differs; two times are the same if they differ by
    less than the coarser of their resolutions (rftplib.listing.Entry.resolution); where the target can't keep times,
    those that are newer than their copy. 'size': by size alone. 'hash': by contents, where the server has a hash.
    'newer': those that are newer than their copy, whatever their size. newer_only: a file that is newer in the target
    stays.

    include, exclude: patterns as in .gitignore, a str or several; they need pathspec (the extra `mirror`). What isn't
    included is neither copied nor deleted. links: 'skip', 'follow' (what they lead to is copied) or 'copy' (as links,
    to a local target; only those that stay inside). names: what is done about names that can't be used: 'refuse' the
    plan, 'skip' them, or 'quote' what is wrong by percent signs.

    delete: whether what the source hasn't got is deleted in the target. max_delete: how many entries of the target may
    be, an int, or which part of them, a float; None for any number. Nothing is deleted unless all of the source could
    be listed. connections: by how many a server is listed at once, at most. manifest: the path that run() gets: a
    manifest that lies in a local target isn't the source's, and stays.

    Raises Refused for names that can't be used and for a server that lists a name twice, ValueError for options that
    make no sense and for two directories of one server that lie in each other, OSError for a local root that isn't
    there, and what `Site.borrow()` and listing.scandir() raise of a root. Directories below that can't be listed are
    the plan's `failures`.
    """
    _check("compare", compare, WAYS)
    _check("links", links, ("skip", "follow", "copy"))
    _check("names", names, ("refuse", "skip", "quote"))
    _guards.check_max_delete(max_delete)
    rules = Rules(include, exclude)
    source, target = sides(source, target, follow=links == "follow")
    if manifest is not None:
        from ._manifest import check_sides

        check_sides(source, target)
    _apart.check_apart(source, target)
    folds = hasattr(target, "folds") and target.folds()
    of_source = {"needed": True, "sent": target.sent or True, "folds": folds, "connections": connections}
    of_target = {"needed": False, "sent": target.remote, "connections": connections}
    # a server's side is being connected to, and listed, while the other one is listed
    if target.remote:
        with target.scanning(rules, "skip", "skip", **of_target) as listed:
            here = source.scan(rules, links, names, **of_source)
            there = listed(_directories(here))
    else:
        with source.scanning(rules, links, names, **of_source) as listed:
            there = target.scan(rules, "skip", "skip", **of_target)
            here = listed(_directories(there))
    if manifest is not None:
        _leave_alone(manifest, target, here, there)
    for path in rules.needless(here.nodes):
        del here.nodes[path]
        here.kept.add(path)
    there.see_resolution()
    made_links = hasattr(target, "folders")
    found = Comparison(
        here,
        there,
        compare=compare,
        newer_only=newer_only,
        keeps_times=target.keeps_times,
        links=links,
        can_link=lambda path, to: made_links and to is not None and stays_inside(path, to),
        remote=target.remote,
    )
    actions, failures = found.actions, [*here.failures, *there.failures, *found.failures]
    if found.same:
        from ._digests import different

        actions += different(source, target, found.same)
        actions.sort(key=lambda action: action.path)
    refusal = None
    if delete:
        # nobody can lock a file on a server: what is a day old isn't being written
        stale = round((time.time() - _DAY) * 1_000_000) if target.remote else None
        unwanted, doubts = _beyond_doubt(target, there, deletions(here, there, found.blocked, stale))
        failures += doubts
        refusal = _guards.refusal(unwanted, here, there, max_delete)
        actions += unwanted
    unchanged = functools.partial(_unchanged, here, actions)
    return Plan(source, target, actions, failures, refusal, not there.exists, unchanged, found.skipped)


def _leave_alone(manifest, target, here, there):
    from ._manifest import inside

    for own in inside(manifest, target):
        if own in there.nodes and own not in here.nodes:
            del there.nodes[own]
            there.kept.add(own)


def _directories(tree):
    return 1 + sum(node.kind == "dir" for node in tree.nodes.values())


def _check(option, value, values):
    if value not in values:
        raise ValueError(f"{option} is one of {', '.join(values)}, not {value!r}")


def _beyond_doubt(target, there, unwanted):
    """The deletions on a server that hit what they mean, and a Failure for each of the others."""
    if not target.remote:
        return unwanted, []
    doubts = {}
    for path in target.linked(unwanted):
        doubts[path] = "it is a link to a directory: what is in it lies elsewhere", "exclude it"
    for one in unwanted:
        other = "/".join(name.strip() for name in one.path.split("/"))
        if other != one.path and other in there.nodes:
            doubts[one.path] = f"a server may take it for {other!r}, which is there as well", "delete it by hand"
    behind = tuple(f"{path}/" for path in doubts)
    kept = [one for one in unwanted if one.path not in doubts and not one.path.startswith(behind)]
    return kept, [Failure("delete", path, *doubts[path]) for path in sorted(doubts)]


def _unchanged(source, actions):
    """The files of the source that aren't copied, for the manifest."""
    copied = {action.path for action in actions if action.kind == "copy"}
    return [
        Action("copy", path, node.size, "same", node.modified, node.origin)
        for path, node in sorted(source.nodes.items())
        if node.kind == "file" and path not in copied
    ]
