"""What stops a run, and what is asked then: a changed plan, a freeze, a cancel, a dead worker, choices out of reach."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from chaos.forkserver_client import Forkserver
from cli.demo.stage import Stage
from tests.browser.demo_page import (
    ALICE,
    BOB,
    PATIENCE,
    action,
    as_person,
    messages,
    modal,
    open_incident,
    running_demo,
)
from tests.browser.pictures import picture
from tests.browser.sandbox_page import say
from tests.demo_workers import kill_workers

DEFINITIONS = """
kind: runbook
name: announce
team: database
description: Tell the hosting company about a problem.
steps:
  - {id: gate, name: Approve the message, type: approval, approvers: {team: database, role: admin}, expires: 15m}
  - {id: pause, name: Give them a minute, type: wait, for: 5s}
  - {id: tell, name: Tell them, type: shell, argv: [echo, "Severity {{ incident.severity }}"]}
---
kind: runbook
name: reindex
team: database
description: Build the search index anew.
steps:
  - {id: build, name: Build it, type: shell, argv: [sleep, "45"], timeout: 2m}
  - {id: check, name: Check it, type: shell, argv: [echo, fine]}
---
kind: runbook
name: drain
team: database
description: Take a cluster out of the rotation.
parameters:
  type: object
  required: [cluster]
  properties:
    cluster:
      type: string
      x-choices:
        step: http
        url: "{{ secrets.DB_API }}/clusters"
        choices: 'response.json.clusters.map(each, {"value": each.cluster, "text": each.cluster})'
steps:
  - {id: out, name: Take it out, type: shell, argv: [echo, "{{ params.cluster }}"]}
---
kind: runbook
name: drain-blind
team: database
description: Take a host out of the rotation.
parameters:
  type: object
  required: [host]
  properties:
    host:
      type: string
      x-choices: {step: http, url: "{{ secrets.DB_API }}/hosts"}
steps:
  - {id: out, name: Take it out, type: shell, argv: [echo, "{{ params.host }}"]}
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, forkserver: Forkserver) -> Iterator[Stage]:
    with running_demo(tmp_path_factory.mktemp("demo"), forkserver, DEFINITIONS) as found:
        yield found


def test_what_was_approved_is_asked_anew_when_it_would_be_something_else(demo: Stage, page: Page) -> None:
    open_incident(demo, page, "Disks fill up")
    say(page, "/runbook run announce")
    expect(messages(page, "Approval needed")).to_be_visible(timeout=PATIENCE)
    as_person(page, ALICE)
    gate = messages(page, "Approval needed").last
    expect(gate).to_contain_text("Severity high")
    action(gate, "approval.approve").click(timeout=PATIENCE)
    expect(messages(page, "Approved:").first).to_be_visible(timeout=PATIENCE)
    say(page, "/runbook incident escalate critical")

    again = messages(page, "Approval is needed again:").last
    expect(again).to_contain_text("Severity critical", timeout=PATIENCE)
    expect(again).to_contain_text("something different from what was approved")
    expect(again).not_to_contain_text("was removed")  # the step that has happened meanwhile
    picture(page, "asked-again")
    action(again, "approval.approve").click()
    expect(messages(page, "succeeded in").last).to_be_visible(timeout=PATIENCE)


def test_a_frozen_team_sees_it_on_the_card_and_a_cancelled_run_has_no_buttons(
    demo: Stage, page: Page
) -> None:
    open_incident(demo, page, "We move house")
    say(page, "/runbook run announce")
    card = messages(page, "steps done").first
    expect(card).to_contain_text("waiting for approval", timeout=PATIENCE)
    as_person(page, ALICE)
    say(page, "/runbook freeze database The data centre moves")
    expect(card).to_contain_text("is frozen by @Alice Ng: The data centre moves", timeout=PATIENCE)
    picture(page, "frozen")
    say(page, "/runbook unfreeze database")
    expect(card).not_to_contain_text("is frozen by", timeout=PATIENCE)

    as_person(page, BOB)
    action(card, "run.cancel").click()
    asked = page.get_by_test_id("confirm")
    expect(asked).to_contain_text("what has already happened is not undone")
    picture(page, "cancel")
    page.get_by_test_id("confirm-ok").click()
    expect(card).to_contain_text("cancelled", timeout=PATIENCE)
    expect(action(card, "run.cancel")).to_have_count(0)
    gate = messages(page, "Approve the message").last
    expect(action(gate, "approval.approve")).to_have_count(0, timeout=PATIENCE)
    picture(page, "cancelled")


def test_after_a_worker_died_a_person_says_whether_the_step_happened(demo: Stage, page: Page) -> None:
    open_incident(demo, page, "Search is stale")
    say(page, "/runbook run reindex")
    expect(messages(page, "steps done").first).to_contain_text("running", timeout=PATIENCE)
    kill_workers(demo.supervisor)
    question = messages(page, "Did step Build it happen?").last
    expect(action(question, "verdict.ran")).to_be_visible(timeout=PATIENCE)
    picture(page, "verdict")
    action(question, "verdict.ran").click()
    expect(messages(page, "it ran, according to").first).to_be_visible(timeout=PATIENCE)
    expect(messages(page, "succeeded in").last).to_be_visible(timeout=PATIENCE)


def test_choices_are_fetched_and_where_they_cannot_be_the_value_is_typed(demo: Stage, page: Page) -> None:
    open_incident(demo, page, "A cluster swaps")
    say(page, "/runbook run drain")
    menu = modal(page).get_by_role("combobox", name="cluster")
    menu.select_option("orders", timeout=PATIENCE)
    picture(page, "choices")
    page.get_by_test_id("modal-submit").click()
    expect(messages(page, "drain v1").last).to_be_visible(timeout=PATIENCE)

    say(page, "/runbook run drain-blind")
    expect(modal(page)).to_contain_text("could not be fetched, so type the value", timeout=PATIENCE)
    picture(page, "choices-failed")
    modal(page).get_by_role("textbox", name="host").fill("db-9")
    page.get_by_test_id("modal-submit").click()
    expect(messages(page, "drain-blind v1").last).to_be_visible(timeout=PATIENCE)
