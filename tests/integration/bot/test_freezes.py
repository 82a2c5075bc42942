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
from tests.integration.bot.world import CHANNEL, MANY_CHANNELS, OPS, BotWorld, texts
from tests.world import new_incident

OTHER = MANY_CHANNELS[0]


def freeze(
    world: BotWorld, team: str | None = "database", reason: str = "We move", request_key: str | None = None
) -> str:
    with world.unit_of_work.begin() as work:
        person = load_person(work, ADMIN, source="test")
        return declaring.freeze(work, person, team=team, reason=reason, request_key=request_key).id


def move(world: BotWorld, incident: Incident, status: IncidentStatus) -> None:
    with world.unit_of_work.begin() as work:
        person = load_person(work, ADMIN, source="test")
        change_status(work, person, find_incident(work, person, incident.id), status)


def lift(world: BotWorld, freeze_id: str) -> None:
    with world.unit_of_work.begin() as work:
        declaring.unfreeze(work, load_person(work, ADMIN, source="test"), freeze_id)


def lose(world: BotWorld, incident: Incident) -> str:
    """A run whose worker died within its first step, so that people are asked."""
    execution_id = world.start(incident, "check")
    world.jobs.enqueued.clear()
    with world.unit_of_work.begin() as work:
        row = work.session.get_one(RunbookExecution, execution_id)
        row.status, row.waiting_for, row.wake_at = "waiting", "verdict", None
        step = work.session.get_one(StepExecution, (execution_id, 0))
        step.status, step.attempt, step.started_at = "unknown", 1, work.now
        content = {"position": 0, "attempt": 1}
        new = NewNotice(NoticeKind.VERDICT, execution_id, incident.id, key="0.1", content=content)
        notices.enqueue_notice(work, new)
    return execution_id


def says(message: Json, words: str) -> list[bool]:
    """Whether its blocks say it, and whether its text does."""
    return [words in texts(message).replace("*", ""), words in message["text"]]


def test_the_gate_and_the_headline_show_a_freeze_while_it_lasts(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "gated")
    world.settle()
    before = {kind: world.the(kind) for kind in ("headline", "gate")}
    freeze_id = freeze(world)
    world.settle()
    for kind, card in before.items():
        assert says(world.the(kind), f"🧊 Team database is frozen by <@{ADMIN}>: We move (since") == [
            True,
            True,
        ]
        assert world.the(kind)["ts"] == card["ts"]

    lift(world, freeze_id)
    world.settle()
    assert {kind: texts(world.the(kind)) for kind in before} == {
        kind: texts(card) for kind, card in before.items()
    }


def test_the_incidents_card_shows_a_freeze_while_it_lasts(world: BotWorld, incident: Incident) -> None:
    world.settle()
    before = world.the("incident")
    freeze_id = freeze(world)
    world.settle()
    frozen = world.the("incident")
    assert says(frozen, f"🧊 Team database is frozen by <@{ADMIN}>: We move (since") == [True, True]
    assert frozen["ts"] == before["ts"]

    lift(world, freeze_id)
    world.settle()
    assert texts(world.the("incident")) == texts(before)


def test_an_incident_that_is_opened_in_a_freeze_says_so(world: BotWorld) -> None:
    freeze(world)
    new_incident(world.unit_of_work, slack_channel=OTHER)
    world.settle()
    assert says(world.the("incident", OTHER), "🧊 Team database is frozen by") == [True, True]


def test_an_incident_that_is_resolved_speaks_of_no_freeze(world: BotWorld, incident: Incident) -> None:
    world.settle()
    freeze(world)
    move(world, incident, IncidentStatus.RESOLVED)
    world.settle()
    assert says(world.the("incident"), "frozen") == [False, False]


def test_the_question_for_a_verdict_shows_a_freeze_while_it_lasts(
    world: BotWorld, incident: Incident
) -> None:
    lose(world, incident)
    world.settle()
    before = world.the("verdict")
    freeze_id = freeze(world)
    world.settle()
    frozen = world.the("verdict")
    assert says(frozen, f"🧊 Team database is frozen by <@{ADMIN}>: We move (since") == [True, True]
    assert frozen["ts"] == before["ts"]

    lift(world, freeze_id)
    world.settle()
    assert texts(world.the("verdict")) == texts(before)


def test_a_card_shows_the_freeze_that_holds_its_run_now(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "gated")
    lose(world, incident)
    cards = ("headline", "gate", "verdict")

    def shown() -> set[str]:
        world.settle()
        told = [texts(message) for kind in cards for message in world.of_kind(kind)]
        assert len(told) == 4
        return {text.partition("🧊 *")[2].partition("*")[0] for text in told}

    own = freeze(world)
    assert shown() == {"Team database is frozen"}
    everything = freeze(world, team=None)
    assert shown() == {"Everything is frozen"}
    lift(world, everything)
    assert shown() == {"Team database is frozen"}
    everything = freeze(world, team=None)
    lift(world, own)
    assert shown() == {"Everything is frozen"}
    lift(world, everything)
    assert shown() == {""}


def test_a_freeze_of_another_team_changes_no_card(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "gated")
    world.settle()
    freeze(world, team="web")
    assert world.owed() == 0


def test_a_decided_gate_is_left_as_it_is(world: BotWorld, incident: Incident) -> None:
    execution_id = world.run(incident, "gated")
    world.approve(execution_id)
    world.settle()
    freeze(world)
    world.settle()
    assert says(world.the("gate"), "frozen") == [False, False]
    assert says(world.the("headline"), "is frozen") == [True, True]
    assert OPS in texts(world.the("gate"))


def test_a_freeze_and_its_end_are_told_once_each_in_the_channel_of_each_open_incident(
    world: BotWorld, incident: Incident
) -> None:
    acknowledged = new_incident(world.unit_of_work, slack_channel=OTHER)
    move(world, acknowledged, IncidentStatus.ACKNOWLEDGED)
    freeze_id = freeze(world)
    world.settle()
    for channel in (CHANNEL, OTHER):
        told = world.the("freeze", channel)
        assert told["text"].startswith(f"🧊 Team database is frozen by <@{ADMIN}>: We move. Nothing starts")
        assert texts(told) == told["text"]

    lift(world, freeze_id)
    world.settle()
    for channel in (CHANNEL, OTHER):
        begun, lifted = world.of_kind("freeze", channel)
        assert "is frozen by" in begun["text"]
        assert lifted["text"].startswith(f"▶️ Team database is no longer frozen. <@{ADMIN}> lifted")
        assert lifted["text"].endswith("Held executions continue.")


@pytest.mark.parametrize("status", [IncidentStatus.RESOLVED, IncidentStatus.CLOSED])
def test_an_incident_that_is_over_is_not_told(
    world: BotWorld, incident: Incident, status: IncidentStatus
) -> None:
    move(world, incident, status)
    lift(world, freeze(world))
    world.settle()
    assert world.of_kind("freeze") == []


def test_one_that_ends_meanwhile_hears_of_the_beginning_alone(world: BotWorld, incident: Incident) -> None:
    freeze_id = freeze(world)
    move(world, incident, IncidentStatus.RESOLVED)
    lift(world, freeze_id)
    world.settle()
    assert "is frozen by" in world.the("freeze")["text"]


def test_another_teams_freeze_is_not_told_and_that_of_everything_is_told_to_all(
    world: BotWorld, incident: Incident
) -> None:
    new_incident(world.unit_of_work, "U0WEB", team="web", slack_channel=OTHER)
    lift(world, freeze(world, team="web"))
    world.settle()
    assert world.of_kind("freeze") == []
    assert len(world.of_kind("freeze", OTHER)) == 2

    freeze(world, team=None)
    world.settle()
    assert "Everything is frozen by" in world.the("freeze")["text"]
    assert "Everything is frozen by" in world.of_kind("freeze", OTHER)[-1]["text"]


def test_the_end_of_one_of_two_freezes_says_which_is_left_for_whose_runs(
    world: BotWorld, incident: Incident
) -> None:
    new_incident(world.unit_of_work, "U0WEB", team="web", slack_channel=OTHER)
    freeze(world, reason="Own reasons")
    lift(world, freeze(world, team=None))
    world.settle()
    left = f"Team database is still frozen by <@{ADMIN}>: Own reasons."
    assert world.of_kind("freeze")[-1]["text"].endswith(left)
    assert world.of_kind("freeze", OTHER)[-1]["text"].endswith("Held executions continue.")


def test_one_delivery_that_comes_twice_tells_once(world: BotWorld, incident: Incident) -> None:
    assert len({freeze(world, request_key="t.1") for _ in range(2)}) == 1
    world.settle()
    assert len(world.of_kind("freeze")) == 1


def test_what_people_wrote_as_a_reason_pages_nobody(world: BotWorld, incident: Incident) -> None:
    freeze(world, reason="Ask <!channel>")
    world.settle()
    assert "Ask &lt;!channel&gt;." in world.the("freeze")["text"]
