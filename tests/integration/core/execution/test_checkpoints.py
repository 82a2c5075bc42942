"""What a checkpoint costs, and when it marks the cards of its run dirty."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text, update

from bench.explaining import recorded
from bot.cards.verdict import verdict
from core.execution import lease
from core.execution import run as run_module
from core.services.access.people import load_person
from core.services.library.runbooks import find_runbook
from core.services.starts.runbook_starts import Start, start_by_person
from core.statuses import Status
from core.tables import Incident, Notice
from tests.integration.core.world import CoreWorld, SilentTarget
from tests.world import apply_documents, start_run

STEPS = 40
SAY = "".join(f"\n- {{id: s{number}, type: shell, argv: [echo, hello]}}" for number in range(STEPS))
# What happens every few seconds, whatever runs: announcements, heartbeats, the declarations of secrets.
APART = ("NOTIFY", "RETURNING cancel_requested", "SELECT secrets.name, secrets.definition")
PAUSE = "- {id: pause, type: wait, for: 1h}"


def card(world: CoreWorld, run: str) -> tuple[int, int]:
    """What is wanted of the run's card, and what was delivered."""
    with world.unit_of_work.begin() as work:
        [found] = work.session.query(Notice).filter_by(subject_id=run, kind="headline")
        return found.wanted, found.delivered


def set_card(world: CoreWorld, run: str, **values: Any) -> None:
    with world.unit_of_work.begin() as work:
        work.session.execute(
            update(Notice).where(Notice.subject_id == run, Notice.kind == "headline").values(**values)
        )


@pytest.mark.parametrize(
    ("of_the_card", "is_marked"),
    [
        pytest.param({"delivered": 1}, True, id="clean"),
        pytest.param({}, False, id="dirty: whoever claims it will show this, too"),
        pytest.param({"leased": True}, True, id="claimed: it may have been rendered before"),
        pytest.param({"uncertain": True}, True, id="uncertain: it may be found as it was posted"),
    ],
)
def test_a_card_is_marked_unless_it_is_going_to_be_shown_anyway(
    world: CoreWorld, of_the_card: dict[str, Any], is_marked: bool
) -> None:
    run = world.begin(PAUSE)
    lease = {"leased_until": world.clock.now() + timedelta(seconds=30)} if "leased" in of_the_card else {}
    changed = {name: value for name, value in of_the_card.items() if name != "leased"}
    set_card(world, run, **(changed | lease or {"attempts": 0}))
    world.work()
    assert world.statuses(run) == [Status.WAITING]
    assert (card(world, run)[0] > 1) is is_marked


def test_a_claim_an_end_and_each_step_cost_no_more_than_these_statements(
    world: CoreWorld, engine: Engine
) -> None:
    world.begin(SAY, name="first")  # some statements are asked once a process
    world.work()
    run = world.begin(SAY)
    with recorded(engine) as statements:
        world.work()
    assert world.statuses(run) == [Status.SUCCEEDED] * STEPS
    counted = [each.text for each in statements if not any(apart in each.text for apart in APART)]
    said = [" ".join(each.split())[:60] for each in counted]
    others = [each for each in said if not each.startswith("WITH execution AS")]
    claim, end = 2, 2  # and the last of the checkpoints
    assert len([each for each in said if each.startswith("WITH execution AS")]) == STEPS + 1
    assert len(others) <= claim + end, "\n".join(others)


def test_a_start_costs_no_more_than_five_statements(world: CoreWorld, engine: Engine) -> None:
    world.begin(SAY)
    with world.unit_of_work.begin() as work:
        person = load_person(work, "U0DBOPS", source="test")
        runbook, incident = (
            find_runbook(work, person, "tried"),
            work.session.get_one(Incident, world.incident.id),
        )
        with recorded(engine) as statements:
            run = start_by_person(work, person, Start(runbook, incident, {}, request_key="delivery")).id
            work.session.flush()
    assert len(statements) <= 5, "\n".join(each.text for each in statements)
    world.work()
    assert world.statuses(run) == [Status.SUCCEEDED] * STEPS


def test_a_database_that_restarts_while_a_step_runs_leaves_it_in_no_doubt(
    world: CoreWorld, owner_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Red before: the connection that the run kept was lost, and with it the result of the step."""
    monkeypatch.setattr(lease, "HEARTBEAT", 0.1)
    monkeypatch.setattr(run_module, "FRESH_SECONDS", 0.5)
    steps = (("a", "0"), ("b", "1.5"), ("c", "0"))
    run = world.begin("".join(f"\n- {{id: {id_}, type: shell, argv: [sleep, '{s}']}}" for id_, s in steps))
    restarting = threading.Timer(0.7, _end_connections, [owner_engine])
    restarting.start()
    world.work()
    restarting.join()
    world.unit_of_work.engine.dispose()  # its pool still has connections that were ended
    assert world.statuses(run) == [Status.SUCCEEDED] * 3


def _end_connections(owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )


VERDICT_AND_AFTER = """
kind: runbook
name: tried
team: database
steps:
  - {{id: call, type: http, method: POST, url: "{url}/x"}}
finally:
  - {{id: after, type: shell, argv: [echo, over]}}
"""


def test_a_question_about_a_run_that_was_cancelled_says_in_the_end_how_it_ended(
    world: CoreWorld, silent: SilentTarget
) -> None:
    """Red before: its card was last shown while the finally steps ran, and said for ever that the run is running."""
    apply_documents(world.unit_of_work, VERDICT_AND_AFTER.format(url=silent.url))
    run = start_run(world.unit_of_work, world.incident, "tried", "U0DBOPS")
    world.work()
    world.cancel(run)
    assert "is running" in verdict(world.see(run), 0, 1).text
    with world.unit_of_work.begin() as work:
        work.session.execute(update(Notice).where(Notice.kind == "verdict").values(delivered=Notice.wanted))
    world.work()
    assert "is cancelled" in verdict(world.see(run), 0, 1).text
    with world.unit_of_work.begin() as work:
        [question] = work.session.query(Notice).filter_by(kind="verdict")
        assert question.wanted > question.delivered
