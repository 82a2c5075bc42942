"""What the card of a run says besides the run: it is gathered from the database, and only what its team may know."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from core.services.views.run_cards import card_facts
from core.tables import Incident, RunbookExecution, Tally
from core.views.run_cards import CardFacts, LockView, RetryView
from tests.integration.bot.world import ADMIN_OF_TEAM, OPS, BotWorld, texts
from tests.world import apply_documents, new_incident, see, start_run

BROKEN = """
kind: runbook
name: broken
steps:
  - {id: look, type: shell, argv: [echo, fine]}
  - id: gate
    type: approval
    approvers: {team: database, role: admin}
  - {id: promote, type: shell, argv: [sh, -c, "echo no replica >&2; exit 3"]}
  - {id: verify, type: shell, argv: [echo, never]}
"""
LOCKED = """
kind: runbook
name: locked
lock: db/orders
on_conflict: queue
steps:
  - {id: pause, type: wait, for: 1h}
"""


def facts(world: BotWorld, execution_id: str) -> CardFacts:
    with world.unit_of_work.begin() as work:
        return card_facts(work, work.session.get_one(RunbookExecution, execution_id))


@pytest.fixture
def broken(world: BotWorld, incident: Incident) -> str:
    """A run that was approved, and failed behind its gate."""
    apply_documents(world.unit_of_work, BROKEN)
    run = world.run(incident, "broken")
    world.approve(run)
    world.work()
    return run


def test_a_failed_run_says_what_a_retry_runs_and_who_approved(world: BotWorld, broken: str) -> None:
    assert facts(world, broken) == CardFacts(
        approved_by=(ADMIN_OF_TEAM,), retry=RetryView("promote", ("promote", "verify"), ("gate",))
    )


def test_the_channel_sees_the_outcome_with_its_buttons(world: BotWorld, broken: str) -> None:
    world.settle()
    outcome, headline = world.the("outcome"), world.the("headline")
    assert "stderr\n```\nno replica\n```" in texts(outcome)
    assert f"requested by <@{OPS}>, approved by <@{ADMIN_OF_TEAM}>" in texts(outcome)
    for card in (outcome, headline):
        [buttons] = [block for block in card["blocks"] if block["type"] == "actions"]
        assert [each["action_id"] for each in buttons["elements"]] == ["run.retry", "run.details"]
        assert buttons["elements"][0]["text"]["text"] == "Retry from promote"


def test_a_run_that_is_on_its_way_has_nothing_to_retry(world: BotWorld, incident: Incident) -> None:
    assert facts(world, world.run(incident, "gated")) == CardFacts()


def test_the_lock_is_held_by_a_run_that_the_team_may_know(world: BotWorld, incident: Incident) -> None:
    apply_documents(world.unit_of_work, LOCKED)
    first, second = world.run(incident, "locked"), world.run(incident, "locked")
    assert facts(world, first).lock == LockView("db/orders", True)
    lock = facts(world, second).lock
    assert lock is not None
    assert lock.holder is not None
    assert (lock.is_held, lock.holder.execution_id) == (False, first)


@pytest.mark.parametrize(("runs", "expected"), [(4, None), (5, 60)])
def test_how_long_it_usually_takes_is_known_from_five_runs_of_the_team(
    world: BotWorld, incident: Incident, runs: int, expected: float | None
) -> None:
    run = world.run(incident, "gated")
    sixty_seconds = 225  # the bucket: 0.001 * 1.05 ** 225 = 58.6
    with world.unit_of_work.begin() as work:
        row = work.session.get_one(RunbookExecution, run)
        day = (work.now - timedelta(days=1)).date()
        counted = {f"duration {sixty_seconds}": runs, "ended succeeded": 99, "approval 1": 99}
        for team, counts in ((incident.team_id, counted), ("tea_other", {"duration 1": 100})):
            work.session.execute(
                insert(Tally).values(owner_id=row.runbook_id, day=day, team_id=team, counts=counts)
            )
    found = facts(world, run).usual_seconds
    assert found is None if expected is None else found == pytest.approx(expected, rel=0.06)


def in_turn(world: BotWorld, incident: Incident) -> str:
    world.time.pass_by(1)
    return world.run(incident, "locked")


def test_who_waits_for_a_lock_is_shown_the_next_holder(world: BotWorld, incident: Incident) -> None:
    apply_documents(world.unit_of_work, LOCKED)
    first, second, third = (in_turn(world, incident) for _ in range(3))
    world.settle()
    world.cancel(first)
    world.settle()
    [card] = [each for each in world.of_kind("headline") if third in each["blocks"][0]["block_id"]]
    assert f"held by locked ({second})" in card["text"]


def test_a_retry_takes_its_button_from_the_outcome(world: BotWorld, broken: str) -> None:
    world.settle()
    retried = world.retry(broken)
    world.settle()
    outcomes = [each for each in world.of_kind("outcome") if broken in each["blocks"][0]["block_id"]]
    [buttons] = [block for block in outcomes[0]["blocks"] if block["type"] == "actions"]
    assert [each["action_id"] for each in buttons["elements"]] == ["run.details"]
    assert retried in str(outcomes[0]["blocks"][-1])
    assert see(world.unit_of_work, retried).retry_of == broken


def test_another_teams_run_that_holds_the_lock_is_not_named(world: BotWorld, incident: Incident) -> None:
    apply_documents(world.unit_of_work, LOCKED.replace("db/orders", "global/orders"))
    elsewhere = new_incident(world.unit_of_work, "U0WEB", team="web")
    start_run(world.unit_of_work, elsewhere, "locked", "U0WEB")
    lock = facts(world, world.run(incident, "locked")).lock
    assert lock == LockView("global/orders", is_held=False)
