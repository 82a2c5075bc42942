"""The bench's definitions: runbooks of every shape. `edition` is in their URLs, so that calls show their version."""

import json
from typing import Any

TEAM = "chaos"
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

TRACE = 'echo "$RUNBOOK_STEP_KEY $$ {word} $(date +%s.%N)" >> "$TRACE"'

Step = dict[str, Any]
Document = dict[str, Any]
SAFE: Step = {"retry": {"safe": True, "attempts": 6, "backoff": "200ms"}}
BRIEF: Step = {
    "timeout": "3s",
    "retry": {"safe": True, "attempts": 2, "backoff": "200ms"},
    "on_failure": "continue",
}
RACES = 6  # gates of the runbook that people race for
FLOOD = 1_000_000_000  # bytes


def _call(id_: str, kind: str, edition: int, seconds: float = 0, **more: object) -> Step:
    url = f"{{{{ secrets.TARGET }}}}/{kind}/{edition}?seconds={seconds}"
    return {"id": id_, "type": "http", "method": "POST", "url": url, **more}


def _shell(id_: str, seconds: float, **more: object) -> Step:
    script = f"{TRACE.format(word='begin')}; sleep {seconds}; {TRACE.format(word='end')}"
    return {
        "id": id_,
        "type": "shell",
        "argv": ["sh", "-c", script],
        "env": {"TRACE": "{{ secrets.TRACE }}"},
        **more,
    }


def _ticking(id_: str, seconds: int) -> Step:
    """Return a shell step that writes a trace every second while it lives."""
    tick = TRACE.format(word="tick")
    script = f"{TRACE.format(word='begin')}; for each in $(seq {seconds}); do sleep 1; {tick}; done"
    return {**_shell(id_, 0), "argv": ["sh", "-c", script]}


def _noise(id_: str) -> Step:
    script = f"{TRACE.format(word='begin')}; head -c 5000000 /dev/urandom; head -c 1000 /dev/zero >&2"
    return {**_shell(id_, 0), "argv": ["sh", "-c", script]}


def _flood(id_: str) -> Step:
    """Return a shell step that prints a flood of NULs, and bytes that are not text."""
    script = f"{TRACE.format(word='begin')}; head -c {FLOOD} /dev/zero; head -c 5000000 /dev/urandom >&2"
    return {**_shell(id_, 0), "argv": ["sh", "-c", script]}


def _poison(id_: str) -> Step:
    """Return a shell step that kills its worker: the nearest ancestor that is not a process guard."""
    up = "worker=$(cut -d ' ' -f 4 /proc/$worker/stat)"
    find = f"worker=$PPID; while grep -q guard.py /proc/$worker/cmdline; do {up}; done"
    script = f"{TRACE.format(word='begin')}; sleep 0.5; {find}; kill -9 $worker; sleep 5"
    return {
        **_shell(id_, 0),
        "argv": ["sh", "-c", script],
        "retry": {"safe": True, "attempts": 10, "backoff": "200ms"},
    }


def _gate(id_: str, count: int = 1, expires: str = "30m", **more: object) -> Step:
    return {
        "id": id_,
        "type": "approval",
        "approvers": {"team": TEAM, "role": "admin", "count": count},
        "expires": expires,
        **more,
    }


def _message(id_: str) -> Step:
    return {"id": id_, "type": "message", "text": "{{ params.tag }} came to " + id_}


def shapes(edition: int) -> dict[str, list[Step]]:
    """Return steps by the runbook's name. Those named `long-…` outlast a lease, and run only on request."""
    return {**_calling(edition), **_asking(edition), **_troubled(edition)}


def _calling(edition: int) -> dict[str, list[Step]]:
    """Runbooks that make calls, one step after the other."""
    return {
        "mixed": [
            _call("look", "ok", edition, **SAFE),
            _call("act", "ok", edition),
            _message("told"),
            _call("again", "flaky", edition, **SAFE),
            _call("last", "ok", edition, 0.2),
        ],
        "many": [_call(f"s{number}", "ok", edition, 0.05) for number in range(8)],
        "queued": [_call("first", "ok", edition, 0.3), _call("second", "ok", edition, 0.3, **SAFE)],
        EDITED: [
            _call("one", "ok", edition, 0.5),
            _call("two", "ok", edition, 0.5),
            _call("three", "ok", edition),
        ],
    }


def _asking(edition: int) -> dict[str, list[Step]]:
    """Runbooks that wait, for people or for time."""
    return {
        "gated": [
            _call("before", "ok", edition),
            _gate("gate"),
            _call("after", "ok", edition),
            _message("told"),
        ],
        "gated-two": [_gate("both", count=2), _call("after", "ok", edition), _gate("once_more")],
        "gated-luckless": [
            _gate("gate"),
            _call("second", "luckless", edition),
            _call("last", "luckless", edition),
        ],
        RACED: [_gate(f"g{number}", 1 + number % 2, "2s", on_failure="continue") for number in range(RACES)],
        "expiring": [_gate("gate", expires="4s"), _call("after", "ok", edition)],
        "waiting": [
            _call("before", "ok", edition),
            {"id": "pause", "type": "wait", "for": "2s"},
            _call("after", "ok", edition, **SAFE),
        ],
    }


def _troubled(edition: int) -> dict[str, list[Step]]:
    """Runbooks that run commands, take long, fail, or get hostile answers."""
    return {
        "shelled": [_shell("unsafe", 0.3), _shell("safe", 0.3, **SAFE), _call("after", "ok", edition)],
        "tolerant": [
            _call("refused", "fail", edition, on_failure="continue"),
            _call("after", "ok", edition),
            {**_shell("missing", 0, on_failure="continue"), "argv": ["no-such-program"]},
            _message("told"),
        ],
        LUCKLESS: [
            _call("first", "ok", edition, **SAFE),
            _call("second", "luckless", edition),
            _message("told"),
            _shell("third", 0.1, on_failure="continue"),
            _call("last", "luckless", edition),
        ],
        "slow": [_call("slow", "slow", edition, 2, **SAFE), _call("slower", "slow", edition, 3)],
        "noisy": [
            *(_call(kind, kind, edition) for kind in ("huge", "nul", "bytes", "drip")),
            _noise("flood"),
        ],
        "long-dripping": [
            _call("body", "drip", edition, 1, **BRIEF),
            _call("headers", "drip-headers", edition, 1, **BRIEF),
            _message("told"),
        ],
        "long-output": [_call("endless", "endless", edition), _flood("flood")],
        POISON: [_poison("poison"), _call("after", "ok", edition)],
        "long-call": [_call("long", "slow", edition, 14, **SAFE), _call("after", "ok", edition)],
        "long-shell": [_ticking("long", 40), _call("after", "ok", edition)],
    }


ALWAYS = tuple(name for name in shapes(1) if not name.startswith("long-"))
LOCKED = "queued"


def _runbook(name: str, steps: list[Step]) -> Document:
    properties = {"tag": {"type": "string"}, "lock": {"type": "string", "default": "one"}}
    parameters = {"type": "object", "required": ["tag"], "properties": properties}
    document: Document = {"kind": "runbook", "name": name, "parameters": parameters, "steps": steps}
    if name == LOCKED:
        return document | {"lock": "chaos/{{ params.lock }}", "on_conflict": "queue"}
    return document


def _team() -> Document:
    members = [{"slack": person, "role": "responder"} for person in REQUESTERS]
    members += [{"slack": person, "role": "admin"} for person in APPROVERS]
    return {"kind": "team", "name": TEAM, "members": members}


def _secrets() -> list[Document]:
    """Secrets for the target's address and the commands' trace file; without teams, since the runbooks are global."""
    return [
        {
            "kind": "secret",
            "name": "TARGET",
            "source": {"env": "RUNBOOK_SECRET_TARGET"},
            "hosts": ["127.0.0.1"],
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


def documents() -> str:
    """Return all definitions as YAML (JSON is a subset of it)."""
    runbooks = [_runbook(name, steps) for name, steps in shapes(1).items()]
    return _joined([_team(), *_secrets(), *runbooks, *_workflows()])


def edition_of(name: str, edition: int) -> str:
    """Return one runbook as YAML, edited to the given edition."""
    return _joined([_runbook(name, shapes(edition)[name])])


def _joined(documents_: list[Document]) -> str:
    return "\n---\n".join(json.dumps(document) for document in documents_)
