"""Definitions as these tests send them, and asking the library about them."""

import re
from typing import Any

from starlette.testclient import TestClient

DB_ADMIN = "U0DBADMIN"
WAIT = {"id": "pause", "type": "wait", "for": "1h"}


def runbook(name: str = "db-vacuum", **fields: Any) -> dict[str, object]:
    return {"kind": "runbook", "name": name, "team": "database", "steps": [WAIT]} | fields


def workflow(name: str = "db-look", **fields: Any) -> dict[str, object]:
    start = {"id": "look", "type": "runbook", "runbook": "db-check", "parameters": {"cluster": "orders"}}
    document = {"kind": "workflow", "name": name, "team": "database", "trigger": {"on": "manual"}}
    return document | {"actions": [start]} | fields


def secret(name: str = "TOKEN", **fields: Any) -> dict[str, object]:
    source = {"env": f"RUNBOOK_SECRET_{name}"}
    return {"kind": "secret", "name": name, "source": source, "hosts": ["x.example"]} | fields


def waiting(seconds: int) -> list[dict[str, str]]:
    return [WAIT | {"for": f"{seconds}s"}]


def written(client: TestClient, document: dict[str, object]) -> dict[str, Any]:
    """A new definition, as the answer shows it."""
    kind = str(document["kind"])
    answer = client.post(f"/api/{kind}s", json=document)
    assert answer.status_code == 201, answer.text
    shown: dict[str, Any] = answer.json()[kind]
    return shown


def changed(client: TestClient, document: dict[str, object]) -> dict[str, Any]:
    kind = str(document["kind"])
    answer = client.put(f"/api/{kind}s/{document['name']}", json=document)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()[kind]
    return shown


def do(client: TestClient, address: str, **body: object) -> dict[str, Any]:
    """What a POST that is taken answers. Who approves a definition names the version that they read."""
    definition = re.fullmatch("((?:runbooks|workflows)/[^/]+)/approve", address)
    headers = newest(client, definition[1]) if definition else {}
    answer = client.post(f"/api/{address}", json=body, headers=headers)
    assert answer.status_code in (200, 201), answer.text
    [shown] = answer.json().values()
    assert isinstance(shown, dict)
    return shown


def newest(client: TestClient, address: str) -> dict[str, str]:
    """The header that names a definition's newest version."""
    return {"If-Match": client.get(f"/api/{address}").headers["ETag"]}


def history(client: TestClient, address: str) -> list[tuple[int, str, str, str]]:
    """Oldest first: version, what was done, where it stood then, by whom."""
    lines = client.get(f"/api/{address}/versions").json()["versions"]
    return [(line["version"], line["change"], line["status"], line["changed_by"]) for line in lines[::-1]]
