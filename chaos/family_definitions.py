"""Runbooks with child runs, finally steps, polls and requests for values.

The items of each `foreach` are written out as JSON, so that the checker knows how many children there must be.
"""

import json

from chaos.step_definitions import SAFE, Step, call, gate, message, shell

Fields = dict[str, object]

TIDIED = "tidied"  # the runbook with finally steps that others run as a child
LOCKED_CHILD = "queued"  # the runbook with a lock that others run as a child
LOCKED_FAMILY = "family-locked"  # holds the lock that its child asks for
TIMED = "6s"  # how long a run of `family-timed` may take, which is too short


def each(id_: str, items: int, concurrency: int, steps: list[Step], **more: object) -> Step:
    """Return a step that runs `steps` once for each item."""
    return {**_foreach(id_, items, concurrency), "as": "part", "steps": steps, **more}


def each_named(id_: str, items: int, concurrency: int, runbook: str, **parameters: str) -> Step:
    """Return a step that runs another runbook once for each item."""
    given = {"tag": "{{ params.tag }}", **parameters}
    return {**_foreach(id_, items, concurrency), "runbook": runbook, "parameters": given}


def _foreach(id_: str, items: int, concurrency: int) -> Step:
    names = json.dumps([f"part-{number}" for number in range(items)])
    return {"id": id_, "type": "runbook", "foreach": names, "concurrency": concurrency}


def poll(id_: str, kind: str, edition: int, limit: str = "5m") -> Step:
    """Return a step that looks every two seconds until the target says that it is so.

    That is longer than the clock's pause, so that looks which come too early are seen.
    """
    look = {"until": "saved.ready", "every": "2s", "for": limit}
    saved = {"ready": "response.json.ready"}
    return {**call(id_, kind, edition), "method": "GET", "save": saved, "poll": look}


def asked(id_: str, **more: object) -> Step:
    """Return a step that asks for a note, which anybody of the team may enter."""
    schema = {"type": "object", "required": ["note"], "properties": {"note": {"type": "string"}}}
    return {"id": id_, "type": "input", "message": "What is to be noted?", "schema": schema, **more}


def families(edition: int) -> dict[str, list[Step]]:
    """Return steps by the runbook's name."""
    return {**_children(edition), **_of_others(edition), **_looking(edition), **_tidied(edition)}


def _children(edition: int) -> dict[str, list[Step]]:
    """Runbooks whose steps run as child runs."""
    brief = [call("one", "ok", edition, 0.3), call("two", "ok", edition, **SAFE), message("noted")]
    fickle = [call("first", "ok", edition, 0.2), call("second", "luckless", edition), message("noted")]
    branches = {
        "left": [call("one", "ok", edition, 0.3), gate("gate"), call("two", "ok", edition)],
        "middle": [shell("command", 0.5), call("after", "ok", edition)],
        "right": [{"id": "pause", "type": "wait", "for": "1s"}, call("then", "ok", edition, **SAFE)],
    }
    return {
        "family-each": [each("each", 5, 2, brief), call("after", "ok", edition), message("told")],
        "family-some": [
            each("each", 4, 2, fickle, need=2, on_child_failure="continue"),
            call("after", "ok", edition),
        ],
        "family-stop": [call("before", "ok", edition), each("each", 5, 2, fickle)],
        "family-cancel": [
            each("each", 4, 3, [*fickle, shell("long", 1.0)], on_child_failure="cancel"),
            call("after", "ok", edition),
        ],
        "family-parallel": [{"id": "both", "type": "parallel", "branches": branches}, message("told")],
        "family-timed": [each("each", 4, 1, [call("slow", "slow", edition, 2, **SAFE)])],
        "family-nested": [each("outer", 2, 2, [each("inner", 2, 1, [call("deep", "ok", edition, 0.3)])])],
    }


def _of_others(edition: int) -> dict[str, list[Step]]:
    """Runbooks that run other runbooks as child runs."""
    return {
        "family-named": [each_named("each", 3, 2, LOCKED_CHILD, lock="three")],
        LOCKED_FAMILY: [
            each_named("one", 1, 1, LOCKED_CHILD, lock="{{ params.lock }}"),
            call("after", "ok", edition),
        ],
        "family-tidied": [call("before", "ok", edition), each_named("each", 3, 3, TIDIED)],
    }


def _looking(edition: int) -> dict[str, list[Step]]:
    """Runbooks that look until something is so, or ask for values."""
    inside = {"asks": [asked("which"), call("use", "ok", edition)], "looks": [poll("look", "later", edition)]}
    return {
        "polling": [call("before", "ok", edition), poll("look", "later", edition), message("told")],
        "polling-late": [poll("look", "never", edition, "5s"), call("after", "ok", edition)],
        "polling-each": [each("each", 3, 3, [poll("look", "later", edition), call("after", "ok", edition)])],
        "asked": [call("before", "ok", edition), asked("which"), call("after", "ok", edition)],
        "asked-inside": [{"id": "both", "type": "parallel", "branches": inside}, message("told")],
        "asked-late": [asked("which", expires="4s"), call("after", "ok", edition)],
    }


def _tidied(edition: int) -> dict[str, list[Step]]:
    """Runbooks that are of interest for their finally steps."""
    return {
        TIDIED: [call("first", "ok", edition, 0.3), call("second", "luckless", edition)],
        "tidied-gated": [call("before", "ok", edition), gate("gate"), call("after", "ok", edition)],
        "tidied-expiring": [call("before", "ok", edition), gate("gate", expires="4s")],
    }


def endings(edition: int) -> dict[str, Fields]:
    """Return what else these runbooks have: finally steps, a timeout, a lock."""
    put_back = [call("put_back", "ok", edition, 0.3)]
    tidy = [
        *put_back,
        shell("tidy", 0.2),
        call("in_vain", "fail", edition),
        call("close", "ok", edition, **SAFE),
    ]
    return {
        TIDIED: {"finally": tidy},
        "tidied-gated": {"finally": tidy},
        "tidied-expiring": {"finally": put_back},
        "family-some": {"finally": tidy},
        "family-stop": {"finally": put_back},
        "family-timed": {"finally": put_back, "timeout": TIMED},
        "polling-late": {"finally": [poll("calm", "later", edition)]},
        LOCKED_FAMILY: {"lock": "chaos/{{ params.lock }}", "on_conflict": "queue"},
    }
