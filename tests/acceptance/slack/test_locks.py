"""Locks in Slack: who is refused reads who holds the lock, and can go there."""

import pytest

from bot.app import create_bolt_app
from bot.pages.links import RunLinks
from core.service import Service
from tests.acceptance.slack.conftest import NOBODY_LISTENS
from tests.acceptance.slack.requests import SECRET, Slack
from tests.acceptance.slack.world import DB_ADMIN, DB_CHANNEL, DB_OPS, WAIT, add_runbook, start


@pytest.mark.parametrize("public_url", ["https://runbooks.example", ""])
def test_a_refusal_says_who_holds_the_lock_and_links_it(company: Service, public_url: str) -> None:
    links = RunLinks(public_url, SECRET)
    app = create_bolt_app(company, signing_secret=SECRET, token="xoxb-1", api_url=NOBODY_LISTENS, links=links)
    add_runbook(company, "locked", steps=[WAIT], lock="the-lock")
    holder = start(company, "locked", DB_ADMIN)
    said = Slack(app).types(DB_OPS, DB_CHANNEL, "run locked")

    shown = f"<{links.url(holder)}|{holder}>" if public_url else holder
    assert f"the-lock is locked by locked ({shown}), which is pending; <@{DB_ADMIN}> asked for it." in said
