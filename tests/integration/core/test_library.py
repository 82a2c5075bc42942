"""The library under several hands at once, and under an operator's."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select

from core.definitions.runbook import RunbookDefinition
from core.errors import Conflict, NotAllowed, NotFound, Stale
from core.services.access.people import load_person
from core.services.library import writing
from core.services.library.approval import deprecate
from core.services.library.history import list_history, roll_back
from core.services.library.kinds import RUNBOOKS, WORKFLOWS
from core.services.library.runbooks import find_runbook
from core.services.library.workflows import duplicate_workflow, find_workflow, switch_workflow
from core.services.library.writing import Intent
from core.tables import AuditEntry, Runbook, RunbookVersion
from core.unit_of_work import UnitOfWork, UnitOfWorkFactory
from tests.conftest import ADMIN
from tests.world import TEAMS, apply_documents, approve_runbook, new_incident, start_run

WRITER = "U0DBADMIN"
VACUUM = """
kind: runbook
name: db-vacuum
team: database
steps:
  - {id: pause, type: wait, for: 1h}
"""
LOOK = """
kind: workflow
name: db-look
team: database
trigger: {on: manual}
actions:
  - {id: say, type: message, text: hello}
"""


def definition(name: str = "db-vacuum", seconds: int = 1) -> RunbookDefinition:
    steps = [{"id": "pause", "type": "wait", "for": f"{seconds}s"}]
    document = {"kind": "runbook", "name": name, "team": "database", "steps": steps}
    return RunbookDefinition.model_validate(document)


def do(unit_of_work: UnitOfWorkFactory, who: str, deed: Callable[[UnitOfWork, Runbook], object]) -> object:
    """Something that a person does with db-vacuum, as a sentence where it is refused."""
    with unit_of_work.begin() as work:
        return deed(work, find_runbook(work, load_person(work, who, source="test"), "db-vacuum"))


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """What each answers, or the error that it raises."""
    start = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> object:
        start.wait(timeout=10)
        try:
            return deed()
        except Conflict as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def test_of_several_who_take_a_name_at_once_one_gets_it(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS)

    def create() -> object:
        with unit_of_work.begin() as work:
            return writing.create(work, load_person(work, WRITER, source="test"), RUNBOOKS, definition())

    answers = at_once(*[create] * 4)

    assert sum(isinstance(answer, Runbook) for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 3


def test_of_several_who_change_the_version_that_they_read_one_does(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + VACUUM)

    def change(seconds: int) -> Callable[[], object]:
        def deed(work: UnitOfWork, row: Runbook) -> object:
            person = load_person(work, WRITER, source="test")
            writing.change(work, person, RUNBOOKS, row, definition(seconds=seconds), Intent(read_version=1))
            return row.version

        return lambda: do(unit_of_work, WRITER, deed)

    answers = at_once(*[change(seconds) for seconds in range(1, 5)])

    assert sum(answer == 2 for answer in answers) == 1
    assert sum(isinstance(answer, Conflict) for answer in answers) == 3
    with unit_of_work.begin() as work:
        versions = work.session.scalars(
            select(RunbookVersion.version).where(RunbookVersion.change == "changed")
        ).all()
    assert versions == [2]


def test_what_was_changed_since_it_was_found_is_not_approved(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + VACUUM, approve=False)
    with unit_of_work.begin() as work:
        admin = load_person(work, ADMIN, source="test")
        found = find_runbook(work, admin, "db-vacuum")
        apply_documents(unit_of_work, VACUUM.replace("1h", "2h"), approve=False)
        with pytest.raises(Conflict, match="is at version 2, not at version 1"):
            approve_runbook(work, admin, found, own_version_allowed=False)


@pytest.mark.parametrize("attempt", range(3))
def test_what_is_deleted_just_as_it_is_started_is_one_or_the_other(
    unit_of_work: UnitOfWorkFactory, attempt: int
) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + VACUUM)
    incident = new_incident(unit_of_work)

    def start() -> object:
        try:
            return start_run(unit_of_work, incident, "db-vacuum")
        except NotFound as error:
            return error

    def delete() -> object:
        return do(
            unit_of_work,
            ADMIN,
            lambda work, row: writing.delete(work, load_person(work, ADMIN, source="test"), RUNBOOKS, row),
        )

    started, deleted = at_once(start, delete)

    assert isinstance(started, str) != isinstance(deleted, Runbook)


def test_an_operators_file_does_not_bring_back_what_was_deprecated(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + VACUUM)
    do(
        unit_of_work,
        WRITER,
        lambda work, row: deprecate(work, load_person(work, WRITER, source="test"), RUNBOOKS, row),
    )
    apply_documents(unit_of_work, VACUUM, approve=True)
    assert do(unit_of_work, ADMIN, lambda work, row: (row.status, row.version)) == ("deprecated", 1)

    apply_documents(unit_of_work, VACUUM.replace("1h", "2h"), approve=True)
    assert do(unit_of_work, ADMIN, lambda work, row: (row.status, row.version)) == ("approved", 2)


def test_the_operator_is_named_in_the_history(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + VACUUM)
    lines = do(unit_of_work, ADMIN, lambda work, row: list_history(work, RUNBOOKS, row, size=9))

    assert isinstance(lines, list)
    assert [(line.change, line.changed_by) for line in lines] == [
        ("approved", "operator"),
        ("created", "operator"),
    ]


def test_every_deed_is_in_the_audit_trail(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + VACUUM)
    with unit_of_work.begin() as work:
        person = load_person(work, ADMIN, source="test")
        row = find_runbook(work, person, "db-vacuum")
        writing.change(work, person, RUNBOOKS, row, definition(), Intent())
        roll_back(work, person, RUNBOOKS, row, 1)
        approve_runbook(work, person, row, own_version_allowed=True)
        deprecate(work, person, RUNBOOKS, row)
        writing.delete(work, person, RUNBOOKS, row)
        query = select(AuditEntry.action).where(AuditEntry.subject_id == row.id).order_by(AuditEntry.number)
        actions = work.session.scalars(query).all()

    deeds = ("created", "approved", "changed", "rolled_back", "approved", "deprecated", "deleted")
    assert actions == [f"runbook.{deed}" for deed in deeds]


def test_a_version_that_is_not_valid_any_more_is_not_gone_back_to(unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + VACUUM)
    with unit_of_work.begin() as work:
        for line in work.session.scalars(select(RunbookVersion)):
            line.definition = line.definition | {"steps": [{"id": "pause", "type": "gone"}]}
    with unit_of_work.begin() as work:
        person = load_person(work, WRITER, source="test")
        row = find_runbook(work, person, "db-vacuum")
        writing.change(work, person, RUNBOOKS, row, definition(), Intent())
        with pytest.raises(Conflict, match=r"no longer valid, at steps\.0\.type: There is no step type gone"):
            roll_back(work, person, RUNBOOKS, row, 1)


def test_what_is_not_valid_any_more_can_still_be_disabled_but_not_duplicated(
    unit_of_work: UnitOfWorkFactory,
) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + LOOK)
    with unit_of_work.begin() as work:
        person = load_person(work, WRITER, source="test")
        row = find_workflow(work, person, "db-look")
        row.definition = row.definition | {"actions": [{"id": "say", "type": "gone"}]}
        work.session.flush()
        assert switch_workflow(work, person, row, enabled=False).enabled is False
        with pytest.raises(Conflict, match="There is no action type gone"):
            duplicate_workflow(work, person, row, "db-look-twice")


def test_switching_needs_the_version_that_was_read_and_the_teams_admin(
    unit_of_work: UnitOfWorkFactory,
) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + LOOK)
    with unit_of_work.begin() as work:
        person, responder = (load_person(work, who, source="test") for who in (WRITER, "U0DBOPS"))
        row = find_workflow(work, person, "db-look")
        with pytest.raises(Stale):
            switch_workflow(work, person, row, enabled=False, intent=Intent(read_version=7))
        with pytest.raises(NotAllowed):
            switch_workflow(work, responder, row, enabled=False)
        lines = list_history(work, WORKFLOWS, row, size=9)
        assert [line.change for line in lines] == ["approved", "created"]


def test_a_file_of_somebody_is_told_no_more_of_a_foreign_name_than_that_it_is_taken(
    unit_of_work: UnitOfWorkFactory,
) -> None:
    """As whoever creates one: neither whose it is, nor that it could be changed."""
    foreign = VACUUM.replace("team: database", "team: web")
    apply_documents(unit_of_work, TEAMS + "---" + foreign)
    with unit_of_work.begin() as work:
        person = load_person(work, WRITER, source="test")
        with pytest.raises(Conflict) as applied:
            writing.apply(work, person, RUNBOOKS, definition())
        with pytest.raises(Conflict) as created:
            writing.create(work, person, RUNBOOKS, definition())
    assert str(applied.value) == str(created.value)
    assert "web" not in str(applied.value)
