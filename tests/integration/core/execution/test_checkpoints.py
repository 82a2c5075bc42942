"""What a checkpoint costs, and when it marks the cards of its run dirty."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, update

from bench.explaining import recorded
from core.statuses import Status
from core.tables import Notice
from tests.integration.core.world import CoreWorld

STEPS = 40
SAY = "".join(f"\n- {{id: s{number}, type: shell, argv: [echo, hello]}}" for number in range(STEPS))
SECRETS = "SELECT secrets.name, secrets.definition"  # read every few seconds, whatever runs
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
    said = [" ".join(each.text.split())[:60] for each in statements if "NOTIFY" not in each.text]
    others = [each for each in said if not each.startswith(("WITH execution AS", SECRETS))]
    claim, end = 5, 3
    assert len([each for each in said if each.startswith("WITH execution AS")]) == STEPS + 1
    assert len(others) <= claim + end, "\n".join(others)
