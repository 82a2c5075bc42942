"""The database is restored from a copy that was taken in the midst of runs: nothing is repeated, or said twice."""

from collections.abc import Iterator
from pathlib import Path
from random import Random
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import select

from bot.poster.slack import open_client
from chaos.restoring.copies import as_role_of, restore
from chaos.restoring.definitions import DEFINITIONS
from chaos.restoring.people import thaw, twice
from cli.embedded import Services
from cli.operator import OPERATOR
from core.database import open_engine
from core.decisions.installation import DatabaseChange
from core.services.operations.restore import declare_restored, settle
from core.services.shared.notices import NoticeKind
from core.tables import Incident, Notice
from core.unit_of_work import UnitOfWorkFactory
from slack_sandbox.serving import RunningSandbox
from tests.conftest import ADMIN, RecordedJobs
from tests.integration.bot.restoring import Deployment, Outside
from tests.integration.bot.world import WORKSPACE, BotWorld, PretendTime
from tests.integration.slack_sandbox.people import People
from tests.world import apply_documents, running_target

RUNS = 2
MOMENTS = 70  # about how many there are


@pytest.fixture
def outside(time: PretendTime, people: People, slack: RunningSandbox) -> Iterator[Outside]:
    with running_target() as target:
        yield Outside(time, people, target, open_client(WORKSPACE.app.bot_token, slack.api_url))


@pytest.fixture
def deployment(
    unit_of_work: UnitOfWorkFactory, outside: Outside, owner_url: str, tmp_path: Path
) -> Deployment:
    apply_documents(unit_of_work, DEFINITIONS)
    deployment = Deployment(unit_of_work, outside, owner_url, tmp_path / "dump")
    for path in ("drain", "promote", "verify"):
        for number in range(RUNS):
            outside.target.during[f"/ok/once-run{number}-{path}"] = deployment.moment
    post: Any = outside.client.chat_postMessage

    def posted(**message: Any) -> Any:
        answer = post(**message)
        deployment.moment()
        return answer

    outside.client.chat_postMessage = posted  # type: ignore[method-assign]
    return deployment


@pytest.fixture
def copy(
    deployment: Deployment, services: Services, outside: Outside, request: pytest.FixtureRequest
) -> Iterator[Deployment]:
    """The copy that was taken at the moment of the parameter, restored when the original has done everything."""
    deployment.dump_at = request.param
    settle(deployment.unit_of_work)
    deployment.begin(RUNS)
    deployment.live()
    assert deployment.file.exists(), deployment.moments
    owner_url = restore(deployment.file, services.owner_url, f"restored_{token_hex(6)}")
    engine = open_engine(as_role_of(services.database_url, owner_url))
    yield Deployment(
        UnitOfWorkFactory(engine, deployment.unit_of_work.clock, RecordedJobs(), frozenset({ADMIN})),
        outside,
        owner_url,
    )
    engine.dispose()


@pytest.mark.parametrize("copy", [Random(number).randrange(2, MOMENTS) for number in range(2)], indirect=True)
def test_a_dump_of_any_moment_repeats_no_step_and_no_message(copy: Deployment) -> None:
    before = len(copy.outside.target.calls)
    assert settle(copy.unit_of_work) is DatabaseChange.COPIED

    copy.live(answers=False)
    assert len(copy.outside.target.calls) == before, "nothing begins while it is frozen"

    thaw(copy.unit_of_work)
    copy.live()
    assert twice(copy.outside.done()) == {}
    assert copy.outside.twice_said() == {}


def test_each_reply_of_a_run_in_doubt_is_looked_up(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "gated")
    with world.unit_of_work.begin() as work:
        declare_restored(work, OPERATOR)
    world.settle()

    with world.unit_of_work.begin() as work:
        detail = work.session.scalars(select(Notice).where(Notice.kind == NoticeKind.DETAIL)).one()
    assert (detail.content, detail.uncertain) == ({"told": 1}, True)
