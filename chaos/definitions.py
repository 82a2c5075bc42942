"""The bench's definitions: runbooks of every shape. `edition` is in their URLs, so that calls show their version."""

import json
from typing import Any

from chaos.family_definitions import endings, families
from chaos.step_definitions import (
    BRIEF,
    SAFE,
    TEAM,
    Step,
    call,
    flood,
    gate,
    message,
    noise,
    poison,
    shell,
    ticking,
)

REQUESTERS = ("U0RITA", "U0RALF")
APPROVERS = ("U0ANNA", "U0ABEL", "U0AMOS")
PEOPLE = (*REQUESTERS, *APPROVERS)
EDITED = "edited"  # the runbook that is edited while it runs
RACED = "long-raced"  # the runbook whose gates people race for
LUCKLESS = "luckless"  # the runbook that fails every other time, so that somebody retries it
ON_ACKNOWLEDGED = "on-acknowledged"  # the workflow started by an incident's change of status
POISON = "long-poison"  # the runbook that kills its worker
SERVICES = {
    "none": 4,
    "auto": 3,
    "awaited": 3,
}  # weights of the incidents' services; the last two start a workflow

Document = dict[str, Any]
RACES = 6  # gates of the runbook that people race for


def shapes(edition: int) -> dict[str, list[Step]]:
    """Return steps by the runbook's name. Those named `long-…` outlast a lease, and run only on request."""
    return {**_calling(edition), **_asking(edition), **_troubled(edition), **families(edition)}


def _calling(edition: int) -> dict[str, list[Step]]:
    """Runbooks that make calls, one step after the other."""
    return {
        "mixed": [
            call("look", "ok", edition, **SAFE),
            call("act", "ok", edition),
            message("told"),
            call("again", "flaky", edition, **SAFE),
            call("last", "ok", edition, 0.2),
        ],
        "many": [call(f"s{number}", "ok", edition, 0.05) for number in range(8)],
        "queued": [call("first", "ok", edition, 0.3), call("second", "ok", edition, 0.3, **SAFE)],
        EDITED: [
            call("one", "ok", edition, 0.5),
            call("two", "ok", edition, 0.5),
            call("three", "ok", edition),
        ],
    }


def _asking(edition: int) -> dict[str, list[Step]]:
    """Runbooks that wait, for people or for time."""
    return {
        "gated": [
            call("before", "ok", edition),
            gate("gate"),
            call("after", "ok", edition),
            message("told"),
        ],
        "gated-two": [gate("both", count=2), call("after", "ok", edition), gate("once_more")],
        "gated-luckless": [
            gate("gate"),
            call("second", "luckless", edition),
            call("last", "luckless", edition),
        ],
        RACED: [gate(f"g{number}", 1 + number % 2, "2s", on_failure="continue") for number in range(RACES)],
        "expiring": [gate("gate", expires="4s"), call("after", "ok", edition)],
        "waiting": [
            call("before", "ok", edition),
            {"id": "pause", "type": "wait", "for": "2s"},
            call("after", "ok", edition, **SAFE),
        ],
    }


def _troubled(edition: int) -> dict[str, list[Step]]:
    """Runbooks that run commands, take long, fail, or get hostile answers."""
    return {
        "shelled": [shell("unsafe", 0.3), shell("safe", 0.3, **SAFE), call("after", "ok", edition)],
        "tolerant": [
            call("refused", "fail", edition, on_failure="continue"),
            call("after", "ok", edition),
            {**shell("missing", 0, on_failure="continue"), "argv": ["no-such-program"]},
            message("told"),
        ],
        LUCKLESS: [
            call("first", "ok", edition, **SAFE),
            call("second", "luckless", edition),
            message("told"),
            shell("third", 0.1, on_failure="continue"),
            call("last", "luckless", edition),
        ],
        "slow": [call("slow", "slow", edition, 2, **SAFE), call("slower", "slow", edition, 3)],
        "noisy": [
            *(call(kind, kind, edition) for kind in ("huge", "nul", "bytes", "drip")),
            noise("flood"),
        ],
        "long-dripping": [
            call("body", "drip", edition, 1, **BRIEF),
            call("headers", "drip-headers", edition, 1, **BRIEF),
            message("told"),
        ],
        "long-output": [call("endless", "endless", edition), flood("flood")],
        POISON: [poison("poison"), call("after", "ok", edition)],
        "long-call": [call("long", "slow", edition, 14, **SAFE), call("after", "ok", edition)],
        "long-shell": [ticking("long", 40), call("after", "ok", edition)],
    }


ALWAYS = tuple(name for name in shapes(1) if not name.startswith("long-"))
LOCKED = "queued"


def _runbook(name: str, edition: int) -> Document:
    properties = {"tag": {"type": "string"}, "lock": {"type": "string", "default": "one"}}
    parameters = {"type": "object", "required": ["tag"], "properties": properties}
    document: Document = {"kind": "runbook", "name": name, "parameters": parameters}
    document |= {"steps": shapes(edition)[name], **endings(edition).get(name, {})}
    if name == LOCKED:
        return document | {"lock": "chaos/{{ params.lock }}", "on_conflict": "queue"}
    return document


def _team() -> Document:
    members = [{"slack": person, "role": "responder"} for person in REQUESTERS]
    members += [{"slack": person, "role": "admin"} for person in APPROVERS]
    return {"kind": "team", "name": TEAM, "members": members}


def _secrets(host: str) -> list[Document]:
    """Secrets for the target's address and the commands' trace file; without teams, since the runbooks are global."""
    return [
        {
            "kind": "secret",
            "name": "TARGET",
            "source": {"env": "RUNBOOK_SECRET_TARGET"},
            "hosts": [host],
        },
        {"kind": "secret", "name": "TRACE", "source": {"env": "RUNBOOK_SECRET_TRACE"}, "types": ["shell"]},
    ]


def _workflow(service: str, *actions: Step) -> Document:
    """Return a workflow that runs for each incident of the service."""
    return {
        "kind": "workflow",
        "name": f"on-{service}",
        "team": TEAM,
        "trigger": {"on": "incident.created"},
        "when": f'incident.service == "{service}"',
        "once_per_incident": True,
        "actions": list(actions),
    }


def _start(runbook: str, **more: object) -> Step:
    parameters = {"tag": "{{ incident.title }}-workflow"}
    return {"id": "start", "type": "runbook", "runbook": runbook, "parameters": parameters, **more}


def _workflows() -> list[Document]:
    """Return three workflows.

    One only starts a run, one waits for time and for its run to end and reports that, and one starts when somebody
    acknowledges an incident.
    """
    told = "{{ incident.title }}: {{ actions.start.output.execution_id }} {{ actions.start.output.status }}"
    return [
        _workflow("auto", _start("mixed")),
        _workflow(
            "awaited",
            {"id": "grace", "type": "delay", "for": "2s"},
            _start("waiting", wait=True, on_failure="continue"),
            {"id": "told", "type": "message", "text": told},
        ),
        {
            "kind": "workflow",
            "name": ON_ACKNOWLEDGED,
            "team": TEAM,
            "trigger": {"on": "incident.status_changed"},
            "actions": [
                {"id": "seen", "type": "set", "labels": {"seen": "yes"}},
                {"id": "told", "type": "message", "text": "{{ incident.title }} is {{ event.to }}"},
            ],
        },
    ]


def documents(host: str = "127.0.0.1") -> str:
    """Return all definitions as YAML (JSON is a subset of it). `host`: the target's."""
    runbooks = [_runbook(name, 1) for name in shapes(1)]
    return _joined([_team(), *_secrets(host), *runbooks, *_workflows()])


def edition_of(name: str, edition: int) -> str:
    """Return one runbook as YAML, edited to the given edition."""
    return _joined([_runbook(name, edition)])


def _joined(documents_: list[Document]) -> str:
    return "\n---\n".join(json.dumps(document) for document in documents_)
