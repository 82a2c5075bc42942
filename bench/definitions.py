"""The definitions that the benchmarks run, and the fast target that they call (`python -m bench.definitions PORT`).

The target answers as fast as Python can; `/slow` answers after 20 ms, like a nearby API, and `/steady` after 70 ms.
"""

import asyncio
import json
import sys

AFTER = {b"GET /slow ": 0.020, b"GET /steady ": 0.070}  # seconds
BODY = b'{"ok": true}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(BODY),
    BODY,
)


class Target(asyncio.Protocol):
    """One kept-alive connection. Requests have no body, so each ends with its first empty line."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport, self._unread = transport, b""

    def data_received(self, data: bytes) -> None:
        *requests, self._unread = (self._unread + data).split(b"\r\n\r\n")
        for request in requests:
            wait = next((AFTER[start] for start in AFTER if request.startswith(start)), 0)
            if wait:
                asyncio.get_running_loop().call_later(wait, self._transport.write, ANSWER)
            else:
                self._transport.write(ANSWER)


async def serve(port: int) -> None:
    """Serve until the process is stopped."""
    server = await asyncio.get_running_loop().create_server(Target, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))


PERSON = "U0BENCH"
CHANNEL = "C0BENCH"
TEAM = "bench"

ONE_STEP, TWO_STEPS, TWO_MESSAGES, THREE_STEPS, THREE_SLOW_STEPS, FORTY_STEPS, FORTY_STEADY_STEPS, FORM = (
    "one-step",
    "two-steps",
    "two-messages",
    "three-steps",
    "three-slow-steps",
    "forty-steps",
    "forty-steady-steps",
    "form",
)


FORM_PARAMETERS = {
    "type": "object",
    "required": ["cluster"],
    "properties": {
        "cluster": {"type": "string", "enum": ["orders", "users"]},
        "reason": {"type": "string", "default": ""},
    },
}


def documents() -> str:
    """Return all definitions as text."""
    team = {"kind": "team", "name": TEAM, "members": [{"slack": PERSON, "role": "responder"}]}
    runbooks = [
        _runbook(ONE_STEP, 1),
        _runbook(TWO_STEPS, 2),
        {**_runbook(TWO_MESSAGES, 0), "steps": [_message("before"), _message("after")]},
        _runbook(THREE_STEPS, 3),
        _runbook(THREE_SLOW_STEPS, 3, path="slow"),
        _runbook(FORTY_STEPS, 40),
        _runbook(FORTY_STEADY_STEPS, 40, path="steady"),
        {**_runbook(FORM, 1), "parameters": FORM_PARAMETERS},
    ]
    secret = {
        "kind": "secret",
        "name": "TARGET",
        "source": {"env": "RUNBOOK_SECRET_TARGET"},
        "teams": [TEAM],
        "hosts": ["127.0.0.1"],
    }
    return "\n---\n".join(json.dumps(document) for document in (team, secret, *runbooks))


def _message(name: str) -> dict[str, object]:
    """A step that needs nobody outside."""
    return {"id": name, "type": "message", "text": "This is " + name + "."}


def _runbook(name: str, steps: int, path: str = "fast") -> dict[str, object]:
    """Return a runbook with typical steps: an address from a secret, and a condition on the answer."""
    return {
        "kind": "runbook",
        "name": name,
        "team": TEAM,
        "steps": [
            {
                "id": f"step_{number}",
                "type": "http",
                "url": "{{ secrets.TARGET }}/" + path,
                "expect": "response.status == 200 && response.json.ok",
            }
            for number in range(1, steps + 1)
        ],
    }
