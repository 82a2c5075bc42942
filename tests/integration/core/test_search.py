"""One search: everything that somebody may see is found, and nothing of what they may not see."""

from dataclasses import dataclass

import pytest
from sqlalchemy import text

from core.decisions.people import Person
from core.services.access.directory import note_standing
from core.services.search import titles
from core.services.search.everything import MOST, Findings, search
from core.statuses import Role, Standing
from core.tables import Incident
from core.unit_of_work import UnitOfWorkFactory
from tests.world import TEAMS, apply_documents, new_incident, start_run

DEFINITIONS = """
kind: runbook
name: db-failover
team: database
steps: [{id: pause, type: wait, for: 1h}]
---
kind: runbook
name: web-restart
team: web
steps: [{id: pause, type: wait, for: 1h}]
---
kind: runbook
name: shared-restart
steps: [{id: pause, type: wait, for: 1h}]
---
kind: workflow
name: db-first
team: database
trigger: {on: manual}
actions: [{id: say, type: message, text: hello}]
"""
OF_DATABASE = Person("U0DBOPS", {"database": Role.RESPONDER})
OF_WEB = Person("U0WEB", {"web": Role.RESPONDER})
NOBODY = Person("U0NOBODY", {})
ADMIN = Person("U0ADMIN", {}, is_platform_admin=True)


@dataclass(frozen=True)
class Looking:
    """What `found` returns of what people find: the names, numbers and ids of all of it."""

    unit_of_work: UnitOfWorkFactory
    incident: Incident
    run: str

    def found(self, person: Person, typed: str) -> set[str]:
        with self.unit_of_work.begin() as work:
            return _told(search(work, person, typed))


def _told(found: Findings) -> set[str]:
    return {
        *(f"inc-{row.number}" for row in found.incidents),
        *(row.id for row in found.runs),
        *(row.id for row in found.executions),
        *(row.name for row in found.runbooks),
        *(row.name for row in found.workflows),
        *(each.slack_user_id for each in found.people),
    }


@pytest.fixture
def looking(unit_of_work: UnitOfWorkFactory) -> Looking:
    apply_documents(unit_of_work, TEAMS + "---" + DEFINITIONS)
    with unit_of_work.begin() as work:
        note_standing(work, "U0DBOPS", Standing.MEMBER, "Ann O'Leary")
        note_standing(work, "U0WEB", Standing.MEMBER, "Anna Webber")
    incident = new_incident(unit_of_work, title="Replica of orders is behind")
    return Looking(unit_of_work, incident, start_run(unit_of_work, incident, "db-failover"))


def test_ids_numbers_names_and_words_are_found(looking: Looking) -> None:
    number = f"inc-{looking.incident.number}"
    assert looking.found(OF_DATABASE, looking.run) == {looking.run}
    assert looking.found(OF_DATABASE, looking.incident.id) == {number}
    assert {number, looking.run} <= looking.found(OF_DATABASE, number)
    assert {number, looking.run} <= looking.found(OF_DATABASE, str(looking.incident.number))
    assert looking.found(OF_DATABASE, "ORDERS repl") == {number}
    assert looking.found(OF_DATABASE, "fail db-") == {"db-failover", looking.run}
    assert looking.found(OF_DATABASE, "db-first") == {"db-first"}
    assert looking.found(OF_DATABASE, "o'leary") == {"U0DBOPS", looking.run}
    assert looking.found(OF_DATABASE, "<@u0dbops>") == {"U0DBOPS", looking.run}
    assert looking.found(OF_DATABASE, "orders nowhere") == set()


def test_what_one_may_not_see_is_not_found(looking: Looking) -> None:
    with looking.unit_of_work.begin() as work:
        runbook = next(iter(search(work, ADMIN, "db-failover").runbooks)).id
    number = f"inc-{looking.incident.number}"
    for typed in (
        looking.run,
        looking.incident.id,
        number,
        runbook,
        "replica",
        "failover",
        "db-first",
        "U0DBOPS",
        "Ann O",
    ):
        assert looking.found(ADMIN, typed), typed
        assert looking.found(OF_WEB, typed) == looking.found(NOBODY, typed) == set(), typed
    assert looking.found(OF_WEB, "restart") == {"web-restart", "shared-restart"}
    assert looking.found(NOBODY, "restart") == {"shared-restart"}
    assert looking.found(OF_WEB, "ann") == {"U0WEB"}


@pytest.mark.parametrize(
    "typed", ["", " ", "'", "\\", "':* | '", "%", "_", "a&b|!c <-> (", "\u202e", "-1", "inc-", "#"]
)
def test_whatever_is_typed_is_only_looked_for(looking: Looking, typed: str) -> None:
    mine = {"db-failover", "db-first", "shared-restart", "U0DBOPS", looking.run}
    assert looking.found(OF_DATABASE, typed) <= mine


def test_a_rare_word_is_found_however_old_it_is(looking: Looking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many of the newest titles are read; the index has the others, and it is used."""
    monkeypatch.setattr(titles, "NEWEST", 2)
    for at in range(MOST + 2):
        new_incident(looking.unit_of_work, title=f"Queue {at} is full")
    assert looking.found(OF_DATABASE, "behind") == {f"inc-{looking.incident.number}"}
    assert len(looking.found(OF_DATABASE, "queue full")) == MOST
    with looking.unit_of_work.begin() as work:
        work.session.execute(text("SET LOCAL enable_seqscan = off"))
        query = "SELECT id FROM incidents WHERE to_tsvector('simple'::regconfig, title) @@ 'behind'::tsquery"
        plan = "\n".join(work.session.scalars(text(f"EXPLAIN {query}")))
    assert "ix_incidents_title_words" in plan
