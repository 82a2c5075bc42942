"""The team and the runbooks that are measured."""

import json

PERSON = "U0BENCH"
CHANNEL = "C0BENCH"
TEAM = "bench"

ONE_STEP, THREE_STEPS, THREE_SLOW_STEPS, FORTY_STEPS = (
    "one-step",
    "three-steps",
    "three-slow-steps",
    "forty-steps",
)


def documents() -> str:
    """All definitions, as text."""
    team = {"kind": "team", "name": TEAM, "members": [{"slack": PERSON, "role": "responder"}]}
    runbooks = [
        _runbook(ONE_STEP, 1),
        _runbook(THREE_STEPS, 3),
        _runbook(THREE_SLOW_STEPS, 3, path="slow"),
        _runbook(FORTY_STEPS, 40),
    ]
    secret = {
        "kind": "secret",
        "name": "TARGET",
        "source": {"env": "RUNBOOK_SECRET_TARGET"},
        "teams": [TEAM],
        "hosts": ["127.0.0.1"],
    }
    return "\n---\n".join(json.dumps(document) for document in (team, secret, *runbooks))


def _runbook(name: str, steps: int, path: str = "fast") -> dict[str, object]:
    """Steps as people write them: an address from a secret, a condition on the answer."""
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
