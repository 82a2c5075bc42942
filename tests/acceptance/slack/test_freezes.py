"""Freezing from Slack."""

from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.requests import Slack
from tests.acceptance.slack.world import ADMIN, DB_ADMIN, DB_CHANNEL, DB_OPS, executions

PLATFORM = ADMIN.slack_user_id


def test_a_team_is_frozen_and_unfrozen_by_its_admin(company: UnitOfWorkFactory, slack: Slack) -> None:
    said = slack.types(DB_ADMIN, DB_CHANNEL, "freeze database We move house")
    assert "Team database is frozen: We move house." in said
    refused = slack.types(DB_OPS, DB_CHANNEL, "run db-failover cluster=orders")
    assert f"Team database is frozen by <@{DB_ADMIN}>: We move house." in refused
    assert executions(company) == []

    assert "The freeze of team database is lifted" in slack.types(DB_ADMIN, DB_CHANNEL, "unfreeze database")
    assert "requested for" in slack.types(DB_OPS, DB_CHANNEL, "run db-failover cluster=orders")


def test_everything_is_frozen_by_a_platform_admin_alone(slack: Slack) -> None:
    assert "Only a platform admin" in slack.types(DB_ADMIN, DB_CHANNEL, "freeze We move house")
    assert "Everything is frozen" in slack.types(PLATFORM, DB_CHANNEL, "freeze We move house")
    assert "Only a platform admin" in slack.types(DB_ADMIN, DB_CHANNEL, "unfreeze")
    assert "Everything is frozen by" in slack.types(DB_OPS, DB_CHANNEL, "run say-hello")
    assert "The global freeze is lifted" in slack.types(PLATFORM, DB_CHANNEL, "unfreeze")


def test_one_delivery_freezes_once(slack: Slack) -> None:
    said = [slack.types(PLATFORM, DB_CHANNEL, "freeze Why not", trigger_id="t1") for _ in range(2)]
    assert said[0] == said[1]
    assert "already frozen" in slack.types(PLATFORM, DB_CHANNEL, "freeze Why not")


def test_a_reason_is_asked_for(slack: Slack) -> None:
    assert "/runbook freeze [TEAM] REASON" in slack.types(PLATFORM, DB_CHANNEL, "freeze")
