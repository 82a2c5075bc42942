"""Home tabs are published when they are opened and when they change, and within Slack's limits."""

import json
from typing import Any, cast

import pytest
from slack_sdk import WebClient
from sqlalchemy import func, select

from bot.pages.links import RunLinks
from bot.poster.home import HomePublisher
from bot.poster.poster import BUSY_SECONDS, IDLE_SECONDS
from core.services.access.people import load_person
from core.services.incidents.home import mark_home_tabs, open_home_tab
from core.services.incidents.opening import change_status
from core.services.runs.approvals import decide_gate
from core.statuses import IncidentStatus
from core.tables import Approval, HomeTab, Incident
from core.unit_of_work import UnitOfWorkFactory
from tests.integration.bot.world import ADMIN_OF_TEAM, OPS, WEB, BotWorld, PretendTime
from tests.unit.bot.poster.test_furnishing import refused


class Published:
    """Slack's side of views.publish. `error`: what it answers with."""

    def __init__(self) -> None:
        self.views: list[tuple[str, str]] = []
        self.error: Exception | None = None

    def views_publish(self, *, user_id: str, view: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        self.views.append((user_id, json.dumps(view, ensure_ascii=False)))

    def of(self, user_id: str) -> list[str]:
        return [view for user, view in self.views if user == user_id]


@pytest.fixture
def published(world: BotWorld, monkeypatch: pytest.MonkeyPatch) -> Published:
    """What this module's publisher and the world's poster publish."""
    published = Published()
    monkeypatch.setattr(world.poster.client, "views_publish", published.views_publish)
    return published


@pytest.fixture
def publisher(unit_of_work: UnitOfWorkFactory, published: Published) -> HomePublisher:
    return HomePublisher(
        unit_of_work, cast("WebClient", published), RunLinks("https://runbook.example", "secret")
    )


def opens(unit_of_work: UnitOfWorkFactory, *people: str) -> None:
    with unit_of_work.begin() as work:
        for person in people:
            open_home_tab(work, person)


def publish(publisher: HomePublisher, time: PretendTime, seconds: float = 30) -> None:
    """Let time pass until nothing is due any more."""
    for _ in range(int(seconds)):
        while publisher.publish_one():
            pass
        time.pass_by(1)


def tabs(unit_of_work: UnitOfWorkFactory) -> int:
    with unit_of_work.begin() as work:
        return work.session.scalars(select(func.count()).select_from(HomeTab)).one()


def test_opening_it_publishes_what_the_person_may_see(
    world: BotWorld, incident: Incident, publisher: HomePublisher, published: Published
) -> None:
    world.run(incident, "gated")
    opens(world.unit_of_work, OPS, ADMIN_OF_TEAM, WEB)
    publish(publisher, world.time)
    [of_admin], [of_ops], [of_web] = map(published.of, (ADMIN_OF_TEAM, OPS, WEB))
    assert "approval.approve" in of_admin
    assert "echo" in of_admin  # what will be done stands beside the button
    assert "approval.approve" not in of_ops  # who asked for the run does not decide
    assert "gated" in of_ops
    assert "Orders down" in of_ops
    assert "gated" not in of_web
    assert "Orders down" not in of_web


def test_a_change_is_published_to_those_who_see_it_and_nothing_else_is(
    world: BotWorld, incident: Incident, publisher: HomePublisher, published: Published
) -> None:
    world.settle()
    opens(world.unit_of_work, OPS, WEB)
    publish(publisher, world.time)
    with world.unit_of_work.begin() as work:
        row = work.session.get_one(Incident, incident.id)
        change_status(work, load_person(work, OPS, source="test"), row, IncidentStatus.ACKNOWLEDGED)
    world.settle()
    publish(publisher, world.time)
    assert [("acknowledged ·" in view) for view in published.of(OPS)] == [False, True]
    assert len(published.of(WEB)) == 1


def test_whom_a_gate_was_escalated_to_sees_it_come_and_go(
    world: BotWorld, incident: Incident, publisher: HomePublisher, published: Published
) -> None:
    """Red before: of those who may decide, only the first were looked at, and the button stayed after the decision."""
    execution_id = world.run(incident, "gated")
    with world.unit_of_work.begin() as work:
        [gate] = work.session.query(Approval).filter_by(execution_id=execution_id)
        gate.policy = {**gate.policy, "also": {"team": None, "role": "admin", "people": [WEB]}}
    opens(world.unit_of_work, WEB)
    publish(publisher, world.time)
    with world.unit_of_work.begin() as work:
        decide_gate(work, load_person(work, ADMIN_OF_TEAM, source="test"), gate.id, approved=True)
        mark_home_tabs(work, incident.id, gate.id)
    publish(publisher, world.time)
    before, after = published.of(WEB)
    assert "approval.approve" in before
    assert "approval.approve" not in after


def test_a_view_that_has_not_changed_is_not_sent_again(
    world: BotWorld, incident: Incident, publisher: HomePublisher, published: Published
) -> None:
    opens(world.unit_of_work, OPS)
    publish(publisher, world.time)
    for _ in range(3):
        world.run(incident, "check")
        world.settle()
        publish(publisher, world.time)
    assert 2 <= len(published.of(OPS)) <= 4
    assert len(set(published.of(OPS))) == len(published.of(OPS))


def test_nobody_who_has_not_opened_it_costs_anything(world: BotWorld, incident: Incident) -> None:
    world.run(incident, "gated")
    world.settle()
    assert tabs(world.unit_of_work) == 0


def test_after_an_hour_without_a_look_it_is_left_as_it_is(
    world: BotWorld, incident: Incident, publisher: HomePublisher, published: Published
) -> None:
    opens(world.unit_of_work, OPS)
    publish(publisher, world.time)
    world.time.pass_by(3700)
    world.run(incident, "check")
    world.settle()
    publish(publisher, world.time)
    assert len(published.of(OPS)) == 1


def test_a_thousand_openings_publish_every_few_seconds_and_keep_one_row(
    world: BotWorld, publisher: HomePublisher, published: Published
) -> None:
    for _ in range(100):
        opens(world.unit_of_work, *[OPS] * 10)
        while publisher.publish_one():
            pass
        world.time.pass_by(0.1)
    assert tabs(world.unit_of_work) == 1
    assert len(published.views) <= 5


def test_a_hundred_people_at_once_stay_within_slacks_limit(
    world: BotWorld, publisher: HomePublisher, published: Published
) -> None:
    opens(world.unit_of_work, *(f"U{number}" for number in range(150)))
    for _ in range(60):
        while publisher.publish_one():
            pass
        world.time.pass_by(1)
    assert len(published.views) <= 100  # tier 4: 100+ a minute
    assert len({user for user, _ in published.views}) == len(published.views)


def test_what_slack_refuses_is_retried_later_or_forgotten(
    world: BotWorld, publisher: HomePublisher, published: Published
) -> None:
    opens(world.unit_of_work, OPS)
    published.error = refused("ratelimited", 429, **{"Retry-After": "9"})
    assert publisher.publish_one()
    assert not publisher.publish_one()
    published.error = None
    publish(publisher, world.time, 12)
    assert len(published.of(OPS)) == 1
    opens(world.unit_of_work, OPS)
    published.error = refused("user_not_found")
    publish(publisher, world.time, 5)
    assert tabs(world.unit_of_work) == 0


def test_a_guest_is_told_why_they_see_nothing(
    world: BotWorld, incident: Incident, publisher: HomePublisher, published: Published
) -> None:
    from_slack = (
        "INSERT INTO slack_people (slack_user_id, standing, checked_at) VALUES (:who, 'guest', now())"
    )
    with world.unit_of_work.begin() as work:
        work.session.connection().exec_driver_sql(from_slack.replace(":who", f"'{OPS}'"))
    opens(world.unit_of_work, OPS)
    publish(publisher, world.time, 3)
    [view] = published.of(OPS)
    assert "guest" in view
    assert "Orders down" not in view
    assert "button" not in view


def test_a_poster_waits_no_longer_than_until_the_next_tab(
    world: BotWorld, incident: Incident, published: Published
) -> None:
    """Nothing else is due, and Slack's pace holds the second tab back for less than a second."""
    world.settle()
    assert world.poster.patience() == IDLE_SECONDS
    opens(world.unit_of_work, OPS, ADMIN_OF_TEAM)
    assert world.poster.deliver_one()
    assert not world.poster.deliver_one()
    assert world.poster.patience() == BUSY_SECONDS
