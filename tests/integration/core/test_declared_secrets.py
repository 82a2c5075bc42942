"""Declarations in the database, and what a worker makes of them."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from core.decisions.people import Person
from core.definitions.secret import SecretDefinition, SecretUse
from core.errors import ConfigurationError, Conflict, InvalidInput, NotAllowed, NotFound
from core.execution.secrets import SecretValues, WorkerSecrets
from core.io.secret_sources import EnvironmentSecrets
from core.services.access.secret_suggestions import misused_secrets, suggested_secrets
from core.services.access.secrets import (
    FRESH_SECONDS,
    Declarations,
    apply_secret,
    change_secret,
    create_secret,
    delete_secret,
    find_secret,
    list_secrets,
)
from core.tables import AuditEntry, Runbook
from core.unit_of_work import UnitOfWorkFactory
from tests.world import TEAMS, apply_documents

HTTP = SecretUse("database", "http", keeps_to_hosts=True)


def secret(name: str = "TOKEN", **fields: object) -> SecretDefinition:
    document = {
        "kind": "secret",
        "name": name,
        "source": {"env": f"RUNBOOK_SECRET_{name}"},
        "teams": ["database"],
        "hosts": ["x.example"],
    }
    return SecretDefinition.model_validate(document | fields)


def declare(unit_of_work: UnitOfWorkFactory, admin: Person, definition: SecretDefinition) -> None:
    with unit_of_work.begin() as work:
        apply_secret(work, admin, definition)


def worker(unit_of_work: UnitOfWorkFactory, environ: Mapping[str, str], time: list[float]) -> WorkerSecrets:
    declared = Declarations(unit_of_work.engine, now=lambda: time[0])
    return WorkerSecrets(SecretValues(EnvironmentSecrets(environ)), declared, own=("of-our-own",))


def test_declarations_are_written_changed_and_taken_away_by_platform_admins(
    unit_of_work: UnitOfWorkFactory, admin: Person
) -> None:
    with unit_of_work.begin() as work:
        row = create_secret(work, admin, secret())
        assert find_secret(work, admin, row.id) is find_secret(work, admin, "TOKEN")
        with pytest.raises(Conflict, match=r"There is already a secret TOKEN."):
            create_secret(work, admin, secret())
        with pytest.raises(InvalidInput, match="A secret cannot be renamed"):
            change_secret(work, admin, "TOKEN", secret("OTHER"))
        change_secret(work, admin, "TOKEN", secret(hosts=["y.example"]))
        apply_secret(work, admin, secret(hosts=["y.example"]))
        assert [each.name for each in list_secrets(work, admin)] == ["TOKEN"]
        delete_secret(work, admin, "TOKEN")
    with unit_of_work.begin() as work:
        with pytest.raises(NotFound, match=r"There is no secret TOKEN."):
            find_secret(work, admin, "TOKEN")
        entries = (
            work.session.query(AuditEntry)
            .filter(AuditEntry.action.like("secret.%"))
            .order_by(AuditEntry.number)
            .all()
        )
        assert [each.action for each in entries] == ["secret.created", "secret.changed", "secret.deleted"]
        assert entries[1].details["before"]["definition"]["hosts"] == ["x.example"]


def test_nobody_else_does(unit_of_work: UnitOfWorkFactory) -> None:
    person = Person("U0DBADMIN", source="test")
    with unit_of_work.begin() as work:
        for deed in (
            lambda: create_secret(work, person, secret()),
            lambda: apply_secret(work, person, secret()),
            lambda: change_secret(work, person, "TOKEN", secret()),
            lambda: delete_secret(work, person, "TOKEN"),
            lambda: find_secret(work, person, "TOKEN"),
            lambda: list_secrets(work, person),
        ):
            with pytest.raises(NotAllowed, match=r"Only a platform admin may declare secrets."):
                deed()


def test_a_worker_refuses_by_what_is_declared_now_and_allows_for_a_second_longer(
    unit_of_work: UnitOfWorkFactory, admin: Person
) -> None:
    time = [0.0]
    secrets = worker(unit_of_work, {"RUNBOOK_SECRET_TOKEN": "the value"}, time)
    with pytest.raises(NotFound, match="There is no secret TOKEN"):
        secrets.give("TOKEN", HTTP)
    declare(unit_of_work, admin, secret())
    value, destinations = secrets.give("TOKEN", HTTP)
    assert (value, destinations.hosts) == ("the value", ("x.example",))
    declare(unit_of_work, admin, secret(teams=["web"]))
    assert secrets.give("TOKEN", HTTP)[0] == "the value"
    time[0] += FRESH_SECONDS
    with pytest.raises(
        NotFound, match=r"There is no secret TOKEN that definitions of team database may use."
    ):
        secrets.give("TOKEN", HTTP)


def test_everything_is_hidden_that_the_worker_could_tell(
    unit_of_work: UnitOfWorkFactory, admin: Person, tmp_path: Path
) -> None:
    file, time = tmp_path / "x", [0.0]
    file.write_text("in a file\n")
    declare(unit_of_work, admin, secret("FILED", source={"file": str(file)}))
    declare(unit_of_work, admin, secret("GONE", source={"file": str(tmp_path / "none")}))
    secrets = worker(unit_of_work, {"RUNBOOK_SECRET_UNDECLARED": "set"}, time)
    assert set(secrets.hidden()) == {"of-our-own", "set", "in a file"}
    assert secrets.hidden() is secrets.hidden(), "made once"
    file.write_text("rotated")
    assert secrets.give("FILED", HTTP)[0] == "rotated"
    assert {"in a file", "rotated"} <= set(secrets.hidden())
    with pytest.raises(ConfigurationError, match=r"The secret GONE: The file of .* cannot be read"):
        secrets.give("GONE", HTTP)


LIBRARY = """
kind: runbook
name: calls
team: database
steps:
  - {id: a, type: http, url: "{{ secrets.API }}/x", headers: {A: "{{ secrets.KEY }}"}}
  - {id: b, type: http, url: "https://b.example/x", headers: {A: "{{ secrets.KEY }}"}}
  - {id: c, type: shell, argv: [env], env: {A: "{{ secrets.KEY }}"}}
---
kind: workflow
name: tells
trigger: {on: manual}
actions:
  - {id: a, type: webhook, url: "https://a.example/{{ incident.id }}", headers: {A: "{{ secrets.HOOK }}"}}
"""


def test_what_the_library_needs_is_suggested(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, f"{TEAMS}---{LIBRARY}")
    with unit_of_work.begin() as work:
        for row in list_secrets(work, Person("x", is_platform_admin=True)):
            work.session.delete(row)
        work.session.flush()
        suggested = suggested_secrets(work, {"API": "api.example:8443"})
    assert suggested == [
        {
            "kind": "secret",
            "name": "API",
            "source": {"env": "RUNBOOK_SECRET_API"},
            "teams": ["database"],
            "hosts": ["api.example:8443"],
        },
        {
            "kind": "secret",
            "name": "HOOK",
            "source": {"env": "RUNBOOK_SECRET_HOOK"},
            "hosts": ["a.example"],
        },
        {
            "kind": "secret",
            "name": "KEY",
            "source": {"env": "RUNBOOK_SECRET_KEY"},
            "teams": ["database"],
            "hosts": ["b.example"],
            "types": ["http", "shell"],
        },
    ]
    for document in suggested:
        SecretDefinition.model_validate(document)


def test_definitions_that_use_secrets_otherwise_are_told(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, f"{TEAMS}---{LIBRARY}")
    with unit_of_work.begin() as work:
        row = work.session.query(Runbook).one()
        steps = [row.definition["steps"][0] | {"if": "secrets.KEY == 'x'"}, *row.definition["steps"][1:]]
        row.definition = row.definition | {"steps": steps}
    with unit_of_work.begin() as work:
        [sentence] = misused_secrets(work)
    assert sentence.startswith("Runbook calls, at steps.0.if: A secret can only be used whole")
