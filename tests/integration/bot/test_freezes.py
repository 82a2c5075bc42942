"""A freeze in an incident's channel: on the cards of what it holds, and told in a message of its own."""

import pytest

from core.services.access.people import load_person
from core.services.freezes import declaring
from core.services.incidents.opening import change_status, find_incident
from core.services.shared import notices
from core.services.shared.notices import NewNotice, NoticeKind
from core.statuses import IncidentStatus
from core.tables import Incident, RunbookExecution, StepExecution
from slack_sandbox.values import Json
from tests.conftest import ADMIN
from tests.integration.bot.desk import CHANNEL, MANY_CHANNELS, OPS, Desk, texts
from tests.world import new_incident

OTHER = MANY_CHANNELS[0]


def freeze(
    desk: Desk, team: str | None = "database", reason: str = "We move", request_key: str | None = None
) -> str:
    with desk.service.transaction() as work:
        person = load_person(work, ADMIN, source="test")
        return declaring.freeze(work, person, team=team, reason=reason, request_key=request_key).id


def move(desk: Desk, incident: Incident, status: IncidentStatus) -> None:
    with desk.service.transaction() as work:
        person = load_person(work, ADMIN, source="test")
        change_status(work, person, find_incident(work, person, incident.id), status)


def lift(desk: Desk, freeze_id: str) -> None:
    with desk.service.transaction() as work:
        declaring.unfreeze(work, load_person(work, ADMIN, source="test"), freeze_id)


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


def test_the_incidents_card_shows_a_freeze_while_it_lasts(desk: Desk, incident: Incident) -> None:
    desk.settle()
    before = desk.the("incident")
    freeze_id = freeze(desk)
    desk.settle()
    frozen = desk.the("incident")
    assert says(frozen, f"🧊 Team database is frozen by <@{ADMIN}>: We move (since") == [True, True]
    assert frozen["ts"] == before["ts"]

    lift(desk, freeze_id)
    desk.settle()
    assert texts(desk.the("incident")) == texts(before)


def test_an_incident_that_is_opened_in_a_freeze_says_so(desk: Desk) -> None:
    freeze(desk)
    new_incident(desk.service, slack_channel=OTHER)
    desk.settle()
    assert says(desk.the("incident", OTHER), "🧊 Team database is frozen by") == [True, True]


def test_an_incident_that_is_resolved_speaks_of_no_freeze(desk: Desk, incident: Incident) -> None:
    desk.settle()
    freeze(desk)
    move(desk, incident, IncidentStatus.RESOLVED)
    desk.settle()
    assert says(desk.the("incident"), "frozen") == [False, False]


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


def test_a_freeze_and_its_end_are_told_once_each_in_the_channel_of_each_open_incident(
    desk: Desk, incident: Incident
) -> None:
    acknowledged = new_incident(desk.service, slack_channel=OTHER)
    move(desk, acknowledged, IncidentStatus.ACKNOWLEDGED)
    freeze_id = freeze(desk)
    desk.settle()
    for channel in (CHANNEL, OTHER):
        told = desk.the("freeze", channel)
        assert told["text"].startswith(f"🧊 Team database is frozen by <@{ADMIN}>: We move. Nothing starts")
        assert texts(told) == told["text"]

    lift(desk, freeze_id)
    desk.settle()
    for channel in (CHANNEL, OTHER):
        begun, lifted = desk.of_kind("freeze", channel)
        assert "is frozen by" in begun["text"]
        assert lifted["text"].startswith(f"▶️ Team database is not frozen any more: <@{ADMIN}> lifted")
        assert lifted["text"].endswith("What was held goes on.")


@pytest.mark.parametrize("status", [IncidentStatus.RESOLVED, IncidentStatus.CLOSED])
def test_an_incident_that_is_over_is_not_told(desk: Desk, incident: Incident, status: IncidentStatus) -> None:
    move(desk, incident, status)
    lift(desk, freeze(desk))
    desk.settle()
    assert desk.of_kind("freeze") == []


def test_one_that_ends_meanwhile_hears_of_the_beginning_alone(desk: Desk, incident: Incident) -> None:
    freeze_id = freeze(desk)
    move(desk, incident, IncidentStatus.RESOLVED)
    lift(desk, freeze_id)
    desk.settle()
    assert "is frozen by" in desk.the("freeze")["text"]


def test_another_teams_freeze_is_not_told_and_that_of_everything_is_told_to_all(
    desk: Desk, incident: Incident
) -> None:
    new_incident(desk.service, "U0WEB", team="web", slack_channel=OTHER)
    lift(desk, freeze(desk, team="web"))
    desk.settle()
    assert desk.of_kind("freeze") == []
    assert len(desk.of_kind("freeze", OTHER)) == 2

    freeze(desk, team=None)
    desk.settle()
    assert "Everything is frozen by" in desk.the("freeze")["text"]
    assert "Everything is frozen by" in desk.of_kind("freeze", OTHER)[-1]["text"]


def test_the_end_of_one_of_two_freezes_says_which_is_left_for_whose_runs(
    desk: Desk, incident: Incident
) -> None:
    new_incident(desk.service, "U0WEB", team="web", slack_channel=OTHER)
    freeze(desk, reason="Own reasons")
    lift(desk, freeze(desk, team=None))
    desk.settle()
    left = f"Team database is still frozen by <@{ADMIN}>: Own reasons."
    assert desk.of_kind("freeze")[-1]["text"].endswith(left)
    assert desk.of_kind("freeze", OTHER)[-1]["text"].endswith("What was held goes on.")


def test_one_delivery_that_comes_twice_tells_once(desk: Desk, incident: Incident) -> None:
    assert len({freeze(desk, request_key="t.1") for _ in range(2)}) == 1
    desk.settle()
    assert len(desk.of_kind("freeze")) == 1


def test_what_people_wrote_as_a_reason_pages_nobody(desk: Desk, incident: Incident) -> None:
    freeze(desk, reason="Ask <!channel>")
    desk.settle()
    assert "Ask &lt;!channel&gt;." in desk.the("freeze")["text"]
