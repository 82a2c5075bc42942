"""Slack is asked who people are and who is in user groups; a Slack that does not answer changes nothing."""

import threading
from collections.abc import Iterator
from time import sleep

import pytest
from sqlalchemy import select

from bot.app import create_bolt_app
from bot.directory import SlackDirectory
from bot.first_contact import REST, FirstContact
from core.services.access.directory import GROUPS_EVERY, PEOPLE_EVERY, names_of, note_standing
from core.statuses import Standing
from core.tables import SlackPerson, Team, TeamMember
from core.unit_of_work import UnitOfWorkFactory
from slack_sandbox.config import AppConfig, UserConfig, UsergroupConfig, WorkspaceConfig
from slack_sandbox.serving import RunningSandbox
from tests.acceptance.slack.requests import Slack, ours
from tests.conftest import ADMIN
from tests.integration.bot.world import PretendTime
from tests.integration.slack_sandbox.people import People
from tests.world import apply_documents

GUEST, LEFT, OURS, THEIRS, NEW = "U0GUEST", "U0LEFT", "U0OURS", "U0THEIRS", "U0NEW"
VISITOR = "U0VISITOR"  # in no team
WORKSPACE = WorkspaceConfig(
    users=(
        UserConfig(id=GUEST, name="guest", is_restricted=True),
        UserConfig(id=LEFT, name="left", deleted=True),
        UserConfig(id=OURS, name="ours"),
        UserConfig(id=THEIRS, name="theirs", is_stranger=True, team_id="T0OTHER"),
        UserConfig(id=NEW, name="new"),
        UserConfig(id=VISITOR, name="visitor", is_ultra_restricted=True),
    ),
    usergroups=(UsergroupConfig(id="S0PAY", handle="payments", name="Payments", users=(NEW,)),),
    channels=(),
    app=AppConfig(request_url=None),
)
LISTED = "".join(f"\n  - {{slack: {user}, role: responder}}" for user in (GUEST, LEFT, OURS, THEIRS))
TEAM = f"kind: team\nname: payments\nusergroup: S0PAY\nmembers:{LISTED}\n"


@pytest.fixture
def slack() -> Iterator[RunningSandbox]:
    with RunningSandbox(WORKSPACE) as running:
        yield running


@pytest.fixture
def directory(unit_of_work: UnitOfWorkFactory, slack: RunningSandbox) -> SlackDirectory:
    apply_documents(unit_of_work, TEAM)
    return SlackDirectory(WORKSPACE.app.bot_token, slack.api_url)


def standings(unit_of_work: UnitOfWorkFactory) -> dict[str, str]:
    with unit_of_work.begin() as work:
        return {row.slack_user_id: row.standing for row in work.session.scalars(select(SlackPerson))}


def test_people_are_called_what_slack_calls_them(
    unit_of_work: UnitOfWorkFactory, directory: SlackDirectory
) -> None:
    directory.look(unit_of_work)
    with unit_of_work.begin() as work:
        note_standing(work, OURS, Standing.MEMBER)  # without a name: what is known stays
        assert names_of(work, {OURS, LEFT, ADMIN, "U0NEVER"}) == {OURS: "ours", LEFT: "left"}
        assert names_of(work, ()) == {}


def members(unit_of_work: UnitOfWorkFactory) -> set[str]:
    with unit_of_work.begin() as work:
        rows = work.session.scalars(select(TeamMember).join(Team).where(Team.name == "payments"))
        return {row.slack_user_id for row in rows}


def test_what_slack_says_is_stored(unit_of_work: UnitOfWorkFactory, directory: SlackDirectory) -> None:
    directory.look(unit_of_work)
    found = standings(unit_of_work)
    expected = {GUEST: "guest", LEFT: "deactivated", OURS: "member", THEIRS: "external", ADMIN: "unknown"}
    assert {person: found[person] for person in expected} == expected
    assert members(unit_of_work) == {GUEST, LEFT, OURS, THEIRS, NEW}


@pytest.mark.parametrize("error", ["missing_scope", "internal_error", "ratelimited", "token_revoked"])
def test_a_slack_that_refuses_changes_nothing(
    unit_of_work: UnitOfWorkFactory,
    directory: SlackDirectory,
    people: People,
    time: PretendTime,
    error: str,
) -> None:
    directory.look(unit_of_work)
    before = standings(unit_of_work)
    time.pass_by((PEOPLE_EVERY + GROUPS_EVERY).total_seconds())
    people.play(
        {"method": "users.info", "kind": "error", "error": error, "times": 50},
        {"method": "usergroups.users.list", "kind": "error", "error": error, "times": 50},
    )
    directory.look(unit_of_work)
    assert people.calls("usergroups.users.list")
    assert standings(unit_of_work) | before == standings(unit_of_work)
    assert NEW in members(unit_of_work)


def test_a_guest_in_no_team_can_read_nothing_and_is_told_so_at_the_first_command(
    unit_of_work: UnitOfWorkFactory, slack: RunningSandbox, people: People
) -> None:
    app = create_bolt_app(unit_of_work, workspace=ours, token=WORKSPACE.app.bot_token, api_url=slack.api_url)
    for typed in ("list", "show check"):
        assert "You are a guest in this Slack workspace" in Slack(app).types(VISITOR, "C0ANY", typed)
    assert "You are a guest" not in Slack(app).types(OURS, "C0ANY", "list")
    assert [call["arguments"]["user"] for call in people.calls("users.info")] == [VISITOR, OURS]


def test_while_slack_does_not_say_who_somebody_is_commands_go_on(unit_of_work: UnitOfWorkFactory) -> None:
    app = create_bolt_app(unit_of_work, workspace=ours, token="xoxb-1", api_url="http://127.0.0.1:9/api/")
    assert "check" in Slack(app).types(OURS, "C0ANY", "list")


class SlowSlack(SlackDirectory):
    """Answers after `seconds`, if it `answers` at all. `asked`: about whom, in order."""

    def __init__(self, seconds: float = 0.0, *, answers: bool = True) -> None:
        super().__init__("xoxb-1", "http://127.0.0.1:9/api/")
        self.seconds, self.answers = seconds, answers
        self.asked: list[str] = []

    def ask_about(self, unit_of_work: UnitOfWorkFactory, slack_user_id: str) -> bool:
        self.asked.append(slack_user_id)
        sleep(self.seconds)
        if self.answers:
            with unit_of_work.begin() as work:
                note_standing(work, slack_user_id, Standing.GUEST)
        return self.answers


def test_requests_of_one_person_wait_for_one_answer_together(unit_of_work: UnitOfWorkFactory) -> None:
    """Red before: a guest's second request, sent at once, went on before there was an answer to the first."""
    slack = SlowSlack(0.3)
    contact = FirstContact(unit_of_work, slack)
    first = threading.Thread(target=contact.meet, args=({"user_id": VISITOR},))
    first.start()
    sleep(0.05)
    contact.meet({"user_id": VISITOR})
    assert standings(unit_of_work)[VISITOR] == "guest"
    first.join()
    assert slack.asked == [VISITOR]


def test_who_slack_did_not_name_is_asked_about_again_after_a_rest(unit_of_work: UnitOfWorkFactory) -> None:
    """Red before: this process never asked again."""
    now, slack = [0.0], SlowSlack(answers=False)
    contact = FirstContact(unit_of_work, slack, clock=lambda: now[0])
    for _ in range(3):
        contact.meet({"user_id": VISITOR})
    assert slack.asked == [VISITOR]
    now[0] += REST
    slack.answers = True
    for _ in range(3):
        contact.meet({"user_id": VISITOR})
    assert slack.asked == [VISITOR, VISITOR]
    assert standings(unit_of_work)[VISITOR] == "guest"
