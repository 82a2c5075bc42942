"""The deployment, on a real database, with both its entrances open."""

import pytest
from anyio.from_thread import BlockingPortal

from bot.app import create_bolt_app
from bot.limits import RateLimit
from bot.pages.links import RunLinks
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.slack_http import slack_route
from bot.web import create_web
from core.origins import Origins
from core.unit_of_work import UnitOfWorkFactory
from migrations.newest import newest_revision
from tests.acceptance.agents.conftest import target, world
from tests.acceptance.slack.conftest import NOBODY_LISTENS, ResponseUrl, response_url
from tests.acceptance.slack.requests import SECRET
from tests.acceptance.slack.requests import ours as our_workspace
from tests.attacks.deployment import Deployment, apply_teams
from tests.attacks.secrets_world import armed, ours, theirs
from tests.conftest import RecordedJobs
from tests.snapshots import Snapshots
from tests.world import new_executor

__all__ = ["armed", "deployment", "ours", "response_url", "target", "theirs", "world"]


@pytest.fixture
def deployment(
    unit_of_work: UnitOfWorkFactory,
    snapshots: Snapshots,
    recorded_jobs: RecordedJobs,
    response_url: ResponseUrl,
    portal: BlockingPortal,
) -> Deployment:
    snapshots.begin_with(unit_of_work, apply_teams)
    app = create_bolt_app(unit_of_work, workspace=our_workspace, token="xoxb-1", api_url=NOBODY_LISTENS)
    links = RunLinks("https://runbooks.example", "the signing secret")
    limit = RateLimit(rate=1_000_000.0, burst=1_000_000)
    unlimited = RestSettings(limit=limit, origins=Origins(SECRET))
    slack = slack_route(app, SECRET)
    web = create_web(
        unit_of_work,
        slack=slack,
        rest=unlimited,
        pages=PageSettings(links),
        newest_revision=newest_revision(),
    )
    executor = new_executor(unit_of_work)
    return Deployment(
        unit_of_work, web, app, executor, recorded_jobs, response_url.url, portal, response_url.said
    )
