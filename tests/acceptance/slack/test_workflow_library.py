"""What there is to read about workflows in Slack: what starts one, what it does, who did what to it."""

import re

import pytest

from core.decisions.people import Person
from core.decisions.quarantine import UNTIL
from core.services.library.workflows import find_workflow, switch_workflow
from core.services.library.writing import Intent
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.slack.requests import Slack
from tests.acceptance.slack.world import ADMIN, DB_ADMIN, DB_CHANNEL, DB_OPS, QUIET_CHANNEL, WEB_OPS
from tests.world import LOST, apply_documents, suspect, uninstall

WRITER = Person(DB_ADMIN, is_platform_admin=True, source="test")
GREET = """
kind: workflow
name: greet
trigger: {on: manual}
actions: [{id: tell, type: message, text: hello}]
"""
DB_DOWN = """
kind: workflow
name: db-down
team: database
description: Somebody <must> look.
trigger: {on: incident.status_changed, from: open, to: acknowledged}
when: incident.severity == "critical"
once_per_incident: true
timeout: 2h
actions:
  - {id: first, type: message, text: first}
  - id: who
    type: branch
    if: incident.service == "orders"
    then:
      - id: inner
        type: branch
        if: "true"
        then: [{id: failover, type: runbook, runbook: db-failover, parameters: {cluster: orders}}]
    else: [{id: ask, type: message, text: who}]
  - {id: last, type: message, text: last}
"""


def switch(unit_of_work: UnitOfWorkFactory, name: str, *, enabled: bool, note: str = "") -> None:
    with unit_of_work.begin() as work:
        workflow = find_workflow(work, WRITER, name)
        switch_workflow(work, WRITER, workflow, enabled=enabled, intent=Intent(note))


def test_show_tells_what_starts_a_workflow_and_what_it_does(slack: Slack, company: UnitOfWorkFactory) -> None:
    apply_documents(company, DB_DOWN)
    said = slack.types(DB_OPS, QUIET_CHANNEL, "workflow show db-down")

    assert "*db-down* v1 · team database · incident.status_changed\\nSomebody &lt;must&gt; look.\\n" in said
    assert (
        "Starts automatically: incident.status_changed, from open, to acknowledged\\n"
        'Only if `incident.severity == \\"critical\\"`\\n'
        "Once per incident\\n"
        "Timeout 2 h\\n"
    ) in said
    assert (
        "Actions:\\n1. first (message)\\n2. who (branch)\\n↳ then: inner (branch)\\n"
        "↳ ↳ then: failover (runbook db-failover)\\n↳ else: ask (message)\\n3. last (message)"
    ) in said
    assert "```" not in said


def test_show_of_one_that_people_start_says_how(slack: Slack, company: UnitOfWorkFactory) -> None:
    apply_documents(company, GREET)
    said = slack.types(DB_OPS, QUIET_CHANNEL, "workflow show greet")
    assert "*greet* v1 · global · manual\\nStart it: `/runbook workflow run greet`\\nActions:" in said


def test_a_long_workflow_shows_its_first_actions(slack: Slack, company: UnitOfWorkFactory) -> None:
    actions = "".join(f"  - {{id: say{number}, type: message, text: x}}\n" for number in range(33))
    apply_documents(company, f"kind: workflow\nname: long\ntrigger: {{on: manual}}\nactions:\n{actions}")
    said = slack.types(DB_OPS, QUIET_CHANNEL, "workflow show long")
    assert "30. say29 (message)\\n… 3 more" in said
    assert "say30" not in said


def test_show_of_a_draft_tells_what_it_changes_in_the_approved_version(
    slack: Slack, company: UnitOfWorkFactory
) -> None:
    apply_documents(company, GREET)
    switch(company, "greet", enabled=False)
    said = slack.types(DB_OPS, QUIET_CHANNEL, "workflow show greet")
    assert "*greet* v1 · global · *disabled*" in said
    assert "was written by" not in said

    apply_documents(company, GREET.replace("hello", "good bye <!channel>"), approve=False)
    said = slack.types(DB_OPS, QUIET_CHANNEL, "workflow show greet")
    assert "*greet* v2 · global · *disabled* · v1 in force, v2 draft" in said
    assert "Changes from v1, which was approved:" in said
    assert "```\\n--- greet v1 (approved)\\n+++ greet v2 (draft)" in said
    assert "-    text: hello\\n+    text: good bye &lt;!channel&gt;\\n```" in said
    assert "enabled: false" not in said
    assert "Approve it: `/runbook workflow approve greet v2`" in said

    apply_documents(company, GREET.replace("hello", "good bye <!channel>"))
    assert "It changes" not in slack.types(DB_OPS, QUIET_CHANNEL, "workflow show greet")


def test_show_says_where_nothing_was_approved_or_nothing_differs(
    slack: Slack, company: UnitOfWorkFactory
) -> None:
    apply_documents(company, GREET, approve=False)
    said = slack.types(DB_OPS, QUIET_CHANNEL, "workflow show greet")
    assert "*greet* v1 · global · *draft, does not start*" in said
    assert "No version has been approved yet." in said

    apply_documents(company, GREET)
    apply_documents(company, GREET.replace("hello", "hi"), approve=False)
    apply_documents(company, GREET, approve=False)
    said = slack.types(DB_OPS, QUIET_CHANNEL, "workflow show greet")
    assert "v3 was written by" in said
    assert "It is identical to v1, which was approved." in said


def test_a_platform_admin_approves_and_deprecates_what_they_read(
    slack: Slack, company: UnitOfWorkFactory
) -> None:
    who = ADMIN.slack_user_id
    apply_documents(company, GREET, approve=False)
    said = slack.types(who, QUIET_CHANNEL, "workflow approve greet")
    assert "*greet* v1 (global) was written by operator and cannot run yet." in said
    assert "+++ greet v1 (draft)" in said
    assert "+    text: hello" in said

    [value] = re.findall(r'"value": "([^"]+)"', said)
    slack.clicks(who, "definition.approve", value)
    assert "*greet* v1 · global · manual" in slack.types(who, QUIET_CHANNEL, "workflow show greet")
    said = slack.types(who, QUIET_CHANNEL, "workflow approve greet")
    assert f"greet v1 is already approved, by <@{who}>." in said

    assert "greet v1 is deprecated" in slack.types(who, QUIET_CHANNEL, "workflow deprecate greet It shouts")
    assert "*deprecated, does not start*" in slack.types(who, QUIET_CHANNEL, "workflow list")
    assert "greet is deprecated." in slack.types(who, QUIET_CHANNEL, "workflow approve greet")


def test_show_of_one_under_quarantine_says_why_and_until_when(
    slack: Slack, company: UnitOfWorkFactory
) -> None:
    apply_documents(company, GREET)
    suspect(company, "greet")
    said = slack.types(DB_OPS, QUIET_CHANNEL, "workflow show greet")
    assert f"*greet* v1 · global · *under quarantine, does not start*\\n{LOST} {UNTIL}\\n" in said


def test_one_that_is_not_valid_any_more_is_said_to_be_so(slack: Slack, company: UnitOfWorkFactory) -> None:
    apply_documents(company, GREET)
    uninstall(company, "message")
    said = slack.types(DB_OPS, QUIET_CHANNEL, "workflow show greet")
    assert "Version 1 of greet is no longer valid" in said


def test_history_tells_who_did_what_newest_first(slack: Slack, company: UnitOfWorkFactory) -> None:
    apply_documents(company, GREET)
    switch(company, "greet", enabled=False, note="It <shouts>")
    switch(company, "greet", enabled=True)
    apply_documents(company, GREET.replace("hello", "hi"), approve=False)
    said = slack.types(DB_OPS, QUIET_CHANNEL, "workflow history greet")
    lines = (
        "v2 changed by",
        f"v1 enabled by <@{DB_ADMIN}>",
        f"v1 disabled by <@{DB_ADMIN}>",
        "v1 approved by operator",
        "v1 created by",
    )
    places = [said.index(line) for line in lines]

    assert places == sorted(places)
    assert "It &lt;shouts&gt;" in said


def test_a_long_history_shows_its_newest_part(slack: Slack, company: UnitOfWorkFactory) -> None:
    for number in range(22):
        apply_documents(company, GREET.replace("hello", f"hello {number}"), approve=False)
    said = slack.types(DB_OPS, QUIET_CHANNEL, "workflow history greet")
    assert "v22 changed" in said
    assert "v2 changed" not in said
    assert "only the 20 newest are shown" in said


@pytest.mark.parametrize("verb", ["show", "history"])
def test_what_cannot_be_shown_is_refused_with_what_would_be_right(
    slack: Slack, company: UnitOfWorkFactory, verb: str
) -> None:
    apply_documents(company, f"{GREET}---{DB_DOWN}")
    for who, typed, sentence in (
        (DB_OPS, "db-dwon", "There is no workflow db-dwon. Did you mean db-down?"),
        (DB_OPS, "zebra", "There is no workflow zebra. `workflow list` lists them all."),
        (WEB_OPS, "db-down", "There is no workflow db-down. `workflow list` lists them all."),
        (DB_OPS, "", f"An argument is missing. Type: `/runbook workflow {verb} NAME`"),
        (DB_OPS, "db-down now", f"Type: `/runbook workflow {verb} NAME`"),
    ):
        assert sentence in slack.types(who, QUIET_CHANNEL, f"workflow {verb} {typed}")


@pytest.mark.parametrize("verb", ["show", "history"])
def test_who_may_see_a_workflow_may_read_it(slack: Slack, company: UnitOfWorkFactory, verb: str) -> None:
    apply_documents(company, f"{GREET}---{DB_DOWN}")
    for who, name in ((WEB_OPS, "greet"), (DB_OPS, "db-down"), (ADMIN.slack_user_id, "db-down")):
        assert f"*{name}*" in slack.types(who, DB_CHANNEL, f"workflow {verb} {name}")


def test_the_help_and_the_list_lead_there(slack: Slack, company: UnitOfWorkFactory) -> None:
    apply_documents(company, GREET)
    helped = slack.types(DB_OPS, QUIET_CHANNEL, "help")
    assert (
        "`/runbook workflow run NAME | cancel ID | list [WORD] | show NAME | history NAME | "
        "approve NAME | deprecate NAME`" in helped
    )
    listed = slack.types(DB_OPS, QUIET_CHANNEL, "workflow list")
    assert "Details: `/runbook workflow show NAME`" in listed
