"""Locks in Slack: who is refused reads who holds the lock, and can go there."""

import re

import pytest
from redis import Redis

from cli.compose import Composition
from cli.roles.slack import bolt_app
from core.settings import Settings
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.requests import SECRET, Slack
from tests.acceptance.slack.world import DB_ADMIN, DB_CHANNEL, DB_OPS, WAIT, add_runbook, start


@pytest.mark.parametrize("public_url", ["https://runbooks.example", ""])
def test_a_refusal_says_who_holds_the_lock_and_links_it(
    company: UnitOfWorkFactory, redis: Redis, public_url: str
) -> None:
    environ = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_SIGNING_SECRET": SECRET, "PUBLIC_URL": public_url}
    environ |= {"SLACK_TEAM_ID": "T1", "SLACK_APP_ID": "A1"}
    composed = Composition(Settings.from_environment(environ), company, redis, company)
    add_runbook(company, "locked", steps=[WAIT], lock="the-lock")
    holder = start(company, "locked", DB_ADMIN)
    said = Slack(bolt_app(composed)).types(DB_OPS, DB_CHANNEL, "run locked")

    linked = re.search(rf"<{public_url}/runs/{holder}\?token=([\w.-]+)\|{holder}>", said)
    assert (linked is not None) == bool(public_url)
    assert linked is None or composed.links.is_signed(holder, linked[1])
    shown = linked[0] if linked else holder
    assert f"the-lock is locked by locked ({shown}), which is pending, requested by <@{DB_ADMIN}>." in said
