"""The steps that the bench's runbooks are made of. `edition` is in a call's URL, so that calls show their version."""

from typing import Any

TEAM = "chaos"
FLOOD = 1_000_000_000  # bytes

TRACE = 'echo "$RUNBOOK_STEP_KEY $$ {word} $(date +%s.%N)" >> "$TRACE"'

Step = dict[str, Any]
SAFE: Step = {"retry": {"safe": True, "attempts": 6, "backoff": "200ms"}}
BRIEF: Step = {
    "timeout": "3s",
    "retry": {"safe": True, "attempts": 2, "backoff": "200ms"},
    "on_failure": "continue",
}


def call(id_: str, kind: str, edition: int, seconds: float = 0, **more: object) -> Step:
    url = f"{{{{ secrets.TARGET }}}}/{kind}/{edition}?seconds={seconds}"
    return {"id": id_, "type": "http", "method": "POST", "url": url, **more}


def shell(id_: str, seconds: float, **more: object) -> Step:
    script = f"{TRACE.format(word='begin')}; sleep {seconds}; {TRACE.format(word='end')}"
    return {
        "id": id_,
        "type": "shell",
        "argv": ["sh", "-c", script],
        "env": {"TRACE": "{{ secrets.TRACE }}"},
        **more,
    }


def ticking(id_: str, seconds: int) -> Step:
    """Return a shell step that writes a trace every second while it lives."""
    tick = TRACE.format(word="tick")
    script = f"{TRACE.format(word='begin')}; for each in $(seq {seconds}); do sleep 1; {tick}; done"
    return {**shell(id_, 0), "argv": ["sh", "-c", script]}


def noise(id_: str) -> Step:
    script = f"{TRACE.format(word='begin')}; head -c 5000000 /dev/urandom; head -c 1000 /dev/zero >&2"
    return {**shell(id_, 0), "argv": ["sh", "-c", script]}


def flood(id_: str) -> Step:
    """Return a shell step that prints a flood of NULs, and bytes that are not text."""
    script = f"{TRACE.format(word='begin')}; head -c {FLOOD} /dev/zero; head -c 5000000 /dev/urandom >&2"
    return {**shell(id_, 0), "argv": ["sh", "-c", script]}


def poison(id_: str) -> Step:
    """Return a shell step that kills its worker: the nearest ancestor that is not a process guard."""
    up = "worker=$(cut -d ' ' -f 4 /proc/$worker/stat)"
    find = f"worker=$PPID; while grep -q guard.py /proc/$worker/cmdline; do {up}; done"
    script = f"{TRACE.format(word='begin')}; sleep 0.5; {find}; kill -9 $worker; sleep 5"
    return {
        **shell(id_, 0),
        "argv": ["sh", "-c", script],
        "retry": {"safe": True, "attempts": 10, "backoff": "200ms"},
    }


def gate(id_: str, count: int = 1, expires: str = "30m", **more: object) -> Step:
    return {
        "id": id_,
        "type": "approval",
        "approvers": {"team": TEAM, "role": "admin", "count": count},
        "expires": expires,
        **more,
    }


def message(id_: str) -> Step:
    return {"id": id_, "type": "message", "text": "{{ params.tag }} came to " + id_}
