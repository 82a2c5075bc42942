"""A freeze in an incident's channel: on the cards of what it holds."""

from core.services import freezes, notices
from core.services.notices import NewNotice, NoticeKind
from core.services.people import load_person
from core.tables import Incident, RunbookExecution, StepExecution
from slack_sandbox.json_types import Json
from tests.conftest import ADMIN
from tests.integration.bot.desk import OPS, Desk, texts


def freeze(desk: Desk, team: str | None = "database", reason: str = "We move") -> str:
    with desk.service.transaction() as work:
        return freezes.freeze(work, load_person(work, ADMIN, source="test"), team=team, reason=reason).id


def lift(desk: Desk, freeze_id: str) -> None:
    with desk.service.transaction() as work:
        freezes.unfreeze(work, load_person(work, ADMIN, source="test"), freeze_id)


def lose(desk: Desk, incident: Incident) -> str:
    """A run whose worker died within its first step, so that people are asked."""
    execution_id = desk.start(incident, "check")
    desk.bells.rung.clear()
    with desk.service.transaction() as work:
        row = work.session.get_one(RunbookExecution, execution_id)
        row.status, row.waiting_for, row.wake_at = "waiting", "verdict", None
        step = work.session.get_one(StepExecution, (execution_id, 0))
        step.status, step.attempt, step.started_at = "unknown", 1, work.now
        content = {"position": 0, "attempt": 1}
        new = NewNotice(NoticeKind.VERDICT, execution_id, incident.id, key="0.1", content=content)
        notices.owe(work, new)
    return execution_id


def says(message: Json, words: str) -> list[bool]:
    """Whether its blocks say it, and whether its text does."""
    return [words in texts(message).replace("*", ""), words in message["text"]]


def test_the_gate_and_the_headline_show_a_freeze_while_it_lasts(desk: Desk, incident: Incident) -> None:
    desk.run(incident, "gated")
    desk.settle()
    before = {kind: desk.the(kind) for kind in ("headline", "gate")}
    freeze_id = freeze(desk)
    desk.settle()
    for kind, card in before.items():
        assert says(desk.the(kind), f"🧊 Team database is frozen by <@{ADMIN}>: We move (since") == [
            True,
            True,
        ]
        assert desk.the(kind)["ts"] == card["ts"]

    lift(desk, freeze_id)
    desk.settle()
    assert {kind: texts(desk.the(kind)) for kind in before} == {
        kind: texts(card) for kind, card in before.items()
    }


def test_the_question_for_a_verdict_shows_a_freeze_while_it_lasts(desk: Desk, incident: Incident) -> None:
    lose(desk, incident)
    desk.settle()
    before = desk.the("verdict")
    freeze_id = freeze(desk)
    desk.settle()
    frozen = desk.the("verdict")
    assert says(frozen, f"🧊 Team database is frozen by <@{ADMIN}>: We move (since") == [True, True]
    assert frozen["ts"] == before["ts"]

    lift(desk, freeze_id)
    desk.settle()
    assert texts(desk.the("verdict")) == texts(before)


def test_a_card_shows_the_freeze_that_holds_its_run_now(desk: Desk, incident: Incident) -> None:
    desk.run(incident, "gated")
    lose(desk, incident)
    cards = ("headline", "gate", "verdict")

    def shown() -> set[str]:
        desk.settle()
        told = [texts(message) for kind in cards for message in desk.of_kind(kind)]
        assert len(told) == 4
        return {text.partition("🧊 *")[2].partition("*")[0] for text in told}

    own = freeze(desk)
    assert shown() == {"Team database is frozen"}
    everything = freeze(desk, team=None)
    assert shown() == {"Everything is frozen"}
    lift(desk, everything)
    assert shown() == {"Team database is frozen"}
    everything = freeze(desk, team=None)
    lift(desk, own)
    assert shown() == {"Everything is frozen"}
    lift(desk, everything)
    assert shown() == {""}


def test_a_freeze_of_another_team_changes_no_card(desk: Desk, incident: Incident) -> None:
    desk.run(incident, "gated")
    desk.settle()
    freeze(desk, team="web")
    assert desk.owed() == 0


def test_a_decided_gate_is_left_as_it_is(desk: Desk, incident: Incident) -> None:
    execution_id = desk.run(incident, "gated")
    desk.approve(execution_id)
    desk.settle()
    freeze(desk)
    desk.settle()
    assert says(desk.the("gate"), "frozen") == [False, False]
    assert says(desk.the("headline"), "is frozen") == [True, True]
    assert OPS in texts(desk.the("gate"))
