"""Approving as people do it: a reason, a comment, what changed, a reminder, and time that runs out meanwhile."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Locator, Page, expect

from chaos.forkserver_client import Forkserver
from cli.compose import Composition
from cli.demo.stage import Stage
from core.tables import Approval, RunbookExecution
from tests.browser.demo_page import (
    ALICE,
    BOB,
    PATIENCE,
    action,
    as_person,
    define,
    messages,
    open_incident,
    running_demo,
)
from tests.browser.pictures import picture
from tests.browser.sandbox_page import say

ROTATE = """
kind: runbook
name: rotate
team: database
description: Rotate the certificates of a cluster.
parameters:
  type: object
  properties: {{cluster: {{type: string, default: orders}}}}
steps:
  - id: gate
    name: Approve the rotation
    type: approval
    approvers: {{team: database, role: admin}}
    expires: 30m
    escalate_after: 20m
    escalate_to: {{people: [U0ERIN]}}
    notify: {{dm: true}}
  - {{id: rotate, name: Rotate, type: shell, argv: [echo, "{{{{ params.cluster }}}}"], timeout: {timeout}}}
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, forkserver: Forkserver) -> Iterator[Stage]:
    with running_demo(tmp_path_factory.mktemp("demo"), forkserver, ROTATE.format(timeout="60s")) as found:
        yield found


def run(demo: Stage, page: Page, words: str) -> Locator:
    """Have Bob run it in a new incident; the gate, as Alice sees it."""
    open_incident(demo, page, words)
    slug = words.lower().replace(" ", "-")
    say(page, f"/runbook run rotate cluster={slug}")
    expect(messages(page, "Approval needed")).to_be_visible(timeout=PATIENCE)
    as_person(page, ALICE)
    return messages(page, "Approval needed").last


def press(gate: Locator, button: str) -> None:
    action(gate, f"approval.{button}").click(timeout=PATIENCE)


def write(page: Page, text: str) -> None:
    page.get_by_role("dialog").locator("textarea").fill(text)
    page.get_by_test_id("modal-submit").click()


def change_gate(demo: Stage, **shifts: timedelta) -> None:
    """Move times of the open gate."""
    with Composition.of(demo.settings) as composition, composition.unit_of_work.begin() as work:
        [gate] = work.session.query(Approval).filter_by(status="open")
        for name, shift in shifts.items():
            if name == "wake_at":
                work.session.get_one(RunbookExecution, gate.execution_id).wake_at = work.now + shift
            else:
                setattr(gate, name, work.now + shift)


def test_a_rejection_asks_for_the_reason_and_shows_it(demo: Stage, page: Page) -> None:
    gate = run(demo, page, "Certificates rejected")
    picture(page, "gate")
    press(gate, "reject")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The run ends here.")
    write(page, "   ")
    expect(dialog).to_contain_text("Please complete this required field.")
    picture(page, "reject")
    write(page, "The new certificates are <!channel> not signed yet.")
    expect(dialog).to_have_count(0)
    closed = messages(page, "Rejected:").first
    expect(closed).to_contain_text("not signed yet.", timeout=PATIENCE)
    expect(closed.locator("[data-action-id]")).to_have_count(0)
    picture(page, "rejected")


def test_who_asked_is_told_privately_who_may_decide(demo: Stage, page: Page) -> None:
    gate = run(demo, page, "Certificates asked")
    as_person(page, BOB)
    press(gate, "approve")
    page.get_by_test_id("replies").first.click()
    told = (
        page.get_by_test_id("thread-pane").get_by_test_id("message").filter(has_text="You requested this run")
    )
    expect(told).to_contain_text("Alice Ng", timeout=PATIENCE)
    picture(page, "not-you")
    page.get_by_test_id("thread-close").click()
    as_person(page, ALICE)
    press(messages(page, "Approval needed").last, "comment")
    write(page, "Go on, I watch the error rate.")
    closed = messages(page, "Approved:").first
    expect(closed).to_contain_text("Go on, I watch the error rate.", timeout=PATIENCE)
    picture(page, "approved")


def test_the_approver_sees_what_changed_and_gets_it_as_a_direct_message(demo: Stage, page: Page) -> None:
    press(run(demo, page, "Certificates before"), "approve")
    expect(messages(page, "Approved:").first).to_be_visible(timeout=PATIENCE)
    define(demo, ROTATE.format(timeout="5m"))
    gate = run(demo, page, "Certificates after")
    expect(gate).to_contain_text("step rotate: timeout is 5m, was 1m")
    expect(gate).to_contain_text("parameter cluster is certificates-after, was certificates-before")
    picture(page, "changed")
    change_gate(
        demo,
        opened_at=timedelta(minutes=-16),
        expires_at=timedelta(minutes=14),
        prompt_at=timedelta(minutes=-1),
    )
    page.get_by_test_id("replies").last.click(timeout=PATIENCE)
    expect(page.get_by_test_id("thread-pane")).to_contain_text("still waits for approval", timeout=PATIENCE)
    picture(page, "reminder")
    page.get_by_test_id("thread-close").click()
    press(gate, "approve")
    expect(messages(page, "Approved:").first).to_be_visible(timeout=PATIENCE)


def test_time_runs_out_while_somebody_looks_at_it(demo: Stage, page: Page) -> None:
    gate = run(demo, page, "Certificates late")
    press(gate, "reject")
    expect(page.get_by_role("dialog")).to_contain_text("Why?")
    change_gate(demo, expires_at=timedelta(seconds=-1), wake_at=timedelta(seconds=-1))
    expired = messages(page, "Expired, nobody decided in time").first
    expect(expired).to_be_attached(timeout=PATIENCE)
    expect(expired.locator("[data-action-id]")).to_have_count(0)
    write(page, "No.")
    expect(page.get_by_role("dialog")).to_contain_text("nobody decided in time")
    picture(page, "expired")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
