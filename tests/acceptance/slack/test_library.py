"""The library in Slack: what a draft changes, who did what, and deciding about it."""

import re

import pytest

from bot.app import create_bolt_app
from core.decisions.people import Person
from core.decisions.quarantine import UNTIL
from core.definitions.runbook import RunbookDefinition
from core.services.library.history import list_history
from core.services.library.kinds import RUNBOOKS
from core.services.library.runbooks import apply_runbook, find_runbook
from core.tables import Runbook
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.conftest import NOBODY_LISTENS, ResponseUrl
from tests.acceptance.slack.requests import Slack, ours
from tests.acceptance.slack.world import (
    ADMIN,
    DB_ADMIN,
    DB_CHANNEL,
    DB_OPS,
    QUIET_CHANNEL,
    WAIT,
    WEB_OPS,
    add_runbook,
    executions,
)
from tests.world import LOST, approve_runbook, suspect, uninstall

WRITER = Person(DB_ADMIN, is_platform_admin=True, source="test")


def write(unit_of_work: UnitOfWorkFactory, name: str, *texts: str, **fields: object) -> None:
    """The next version, by the team's admin: one step that says each text."""
    steps = [{"id": f"say{place}", "type": "message", "text": text} for place, text in enumerate(texts)]
    document = {"kind": "runbook", "name": name, "team": "database", "steps": steps or [WAIT], **fields}
    with unit_of_work.begin() as work:
        apply_runbook(work, WRITER, RunbookDefinition.model_validate(document))


def approve(unit_of_work: UnitOfWorkFactory, name: str) -> None:
    with unit_of_work.begin() as work:
        approve_runbook(work, ADMIN, find_runbook(work, ADMIN, name), own_version_allowed=False)


def stored(unit_of_work: UnitOfWorkFactory, name: str) -> Runbook:
    with unit_of_work.begin() as work:
        return find_runbook(work, ADMIN, name)


def test_show_tells_an_approver_what_changed(company: UnitOfWorkFactory, slack: Slack) -> None:
    write(company, "db-vacuum", "first")
    approve(company, "db-vacuum")
    write(company, "db-vacuum", "second <!channel>")
    said = slack.types(ADMIN.slack_user_id, QUIET_CHANNEL, "show db-vacuum")

    assert f"v2 was written by <@{DB_ADMIN}>. Changes from v1, which was approved:" in said
    assert "```\\n--- db-vacuum v1 (approved)\\n+++ db-vacuum v2 (draft)" in said
    assert "-    text: first\\n+    text: second &lt;!channel&gt;\\n```" in said
    assert "Approve it: `/runbook approve db-vacuum v2`" in said


def test_show_of_what_is_approved_has_no_diff(slack: Slack) -> None:
    said = slack.types(DB_OPS, QUIET_CHANNEL, "show db-failover")
    assert "```" not in said
    assert "Approve it" not in said


def test_show_says_where_nothing_was_approved_or_nothing_differs(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    write(company, "db-vacuum", "first")
    assert "No version has been approved yet." in slack.types(DB_OPS, QUIET_CHANNEL, "show db-vacuum")
    approve(company, "db-vacuum")
    write(company, "db-vacuum", "second")
    write(company, "db-vacuum", "first")
    assert "v3 was written by" in (said := slack.types(DB_OPS, QUIET_CHANNEL, "show db-vacuum"))
    assert "It is identical to v1, which was approved." in said


def test_a_deprecated_runbook_offers_no_approval(company: UnitOfWorkFactory, slack: Slack) -> None:
    slack.types(DB_ADMIN, QUIET_CHANNEL, "deprecate db-failover")
    said = slack.types(DB_OPS, QUIET_CHANNEL, "show db-failover")
    assert "*deprecated, does not run*" in said
    assert "Approve it" not in said


@pytest.mark.parametrize(
    "typed", ["show say-hello", "run say-hello", "run say-hello --dry-run", "run say-hello reason=x"]
)
def test_what_is_not_valid_any_more_is_said_to_be_so(
    company: UnitOfWorkFactory, slack: Slack, typed: str
) -> None:
    uninstall(company, "wait")
    said = slack.types(DB_OPS, DB_CHANNEL, typed)
    assert "Version 1 of say-hello is no longer valid, at steps.0.type: There is no step type gone." in said
    assert executions(company) == []


def test_what_is_under_quarantine_says_so_and_why(company: UnitOfWorkFactory, slack: Slack) -> None:
    suspect(company, "say-hello")
    for typed, told in (
        ("list", f"*say-hello* · global · *under quarantine, does not run* · {LOST}"),
        ("show say-hello", f"*say-hello* v1 · global · *under quarantine, does not run*\\n{LOST} {UNTIL}\\n"),
    ):
        assert told in slack.types(DB_OPS, QUIET_CHANNEL, typed)


def test_history_tells_who_did_what_newest_first(company: UnitOfWorkFactory, slack: Slack) -> None:
    write(company, "db-vacuum", "first")
    press(slack, ADMIN.slack_user_id, "approve db-vacuum v1")
    slack.types(DB_ADMIN, QUIET_CHANNEL, "deprecate db-vacuum It <locks> the table")
    said = slack.types(DB_OPS, QUIET_CHANNEL, "history db-vacuum")
    places = [
        said.index(line)
        for line in (
            f"v1 deprecated by <@{DB_ADMIN}>",
            f"v1 approved by <@{ADMIN.slack_user_id}>",
            f"v1 created by <@{DB_ADMIN}>",
        )
    ]

    assert places == sorted(places)
    assert "It &lt;locks&gt; the table" in said


def test_a_long_history_shows_its_newest_part(company: UnitOfWorkFactory, slack: Slack) -> None:
    for number in range(25):
        write(company, "db-vacuum", str(number))
    said = slack.types(DB_OPS, QUIET_CHANNEL, "history db-vacuum")
    assert "v25 changed" in said
    assert "v5 changed" not in said
    assert "only the 20 newest are shown" in said


def test_another_teams_runbook_has_no_history_here(slack: Slack) -> None:
    for text in ("history db-failover", "deprecate db-failover", "show db-failover"):
        assert "There is no runbook db-failover." in slack.types(WEB_OPS, QUIET_CHANNEL, text)


def press(slack: Slack, who: str, typed: str) -> None:
    """The button under what is shown."""
    [value] = re.findall(r'"value": "([^"]+)"', slack.types(who, DB_CHANNEL, typed))
    slack.clicks(who, "definition.approve", value)


def test_the_version_that_was_read_is_the_one_that_is_approved(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    write(company, "db-vacuum", "first")
    write(company, "db-vacuum", "second")
    who = ADMIN.slack_user_id
    assert "db-vacuum is at version 2, not at version 1." in slack.types(
        who, DB_CHANNEL, "approve db-vacuum v1"
    )
    assert "one is not a version." in slack.types(who, DB_CHANNEL, "approve db-vacuum one")
    press(slack, who, "approve db-vacuum v2")
    told = response_url.said.get(timeout=10)
    assert told["text"] == "✅ db-vacuum v2 is approved and may run."
    assert told["replace_original"] is True, "the card and its button are gone"
    assert stored(company, "db-vacuum").approved_version == 2


def test_a_button_whose_version_is_not_the_newest_any_more_says_how_things_stand(
    company: UnitOfWorkFactory, slack: Slack, response_url: ResponseUrl
) -> None:
    write(company, "db-vacuum", "first")
    said = slack.types(ADMIN.slack_user_id, DB_CHANNEL, "approve db-vacuum")
    assert f"*db-vacuum* v1 (team database) was written by <@{DB_ADMIN}> and cannot run yet." in said
    assert "The full definition:" in said
    assert "+    text: first" in said
    [value] = re.findall(r'"value": "([^"]+)"', said)
    write(company, "db-vacuum", "second")
    slack.clicks(ADMIN.slack_user_id, "definition.approve", value)

    told = response_url.said.get(timeout=10)
    assert "db-vacuum is at version 2, not at version 1. Read it again first." in str(told["text"])
    assert told["replace_original"] is False
    assert stored(company, "db-vacuum").status == "draft"


def test_nobody_approves_their_own_version_where_there_is_another_admin(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    add_runbook(company, "mine", approved=False, steps=[WAIT])
    assert "You wrote version 1" in slack.types(ADMIN.slack_user_id, DB_CHANNEL, "approve mine")
    alone = Slack(
        create_bolt_app(
            company,
            workspace=ours,
            token="xoxb-1",
            api_url=NOBODY_LISTENS,
            single_admin=True,
        )
    )
    press(alone, ADMIN.slack_user_id, "approve mine")
    assert stored(company, "mine").status == "approved"


def test_a_deprecated_runbook_does_not_run(company: UnitOfWorkFactory, slack: Slack) -> None:
    said = slack.types(DB_ADMIN, DB_CHANNEL, "deprecate db-failover Replaced by db-switch")
    assert "db-failover v1 is deprecated and can no longer run." in said
    assert "is deprecated: only an approved version runs" in slack.types(
        DB_OPS, DB_CHANNEL, "run db-failover cluster=orders"
    )
    with company.begin() as work:
        [line, *_] = list_history(work, RUNBOOKS, stored(company, "db-failover"), size=1)
    assert (line.change, line.note) == ("deprecated", "Replaced by db-switch")


def test_only_admins_deprecate_and_a_team_admin_only_the_teams_own(
    company: UnitOfWorkFactory, slack: Slack
) -> None:
    assert "Only a platform admin or an admin of team database" in slack.types(
        DB_OPS, DB_CHANNEL, "deprecate db-failover"
    )
    assert "Only a platform admin may deprecate global definitions" in slack.types(
        DB_ADMIN, DB_CHANNEL, "deprecate say-hello"
    )
    assert stored(company, "db-failover").status == stored(company, "say-hello").status == "approved"
    assert "is deprecated" in slack.types(ADMIN.slack_user_id, DB_CHANNEL, "deprecate say-hello")


def test_what_is_missing_is_said(slack: Slack) -> None:
    assert "Type: `/runbook history NAME`" in slack.types(DB_OPS, DB_CHANNEL, "history")
    assert "Type: `/runbook approve NAME [vVERSION]`" in slack.types(DB_OPS, DB_CHANNEL, "approve")
    assert "Type: `/runbook deprecate NAME [REASON]`" in slack.types(DB_OPS, DB_CHANNEL, "deprecate")
