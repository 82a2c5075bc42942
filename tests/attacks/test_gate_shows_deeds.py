"""An approver sees everything that will be sent, and exactly that runs.

Airflow CVE-2026-46764 and n8n CVE-2026-86080 in this product's terms: what is decided on is named by who decides.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from core.tables import Approval, AuditEntry, Incident
from tests.attacks.deployment import DATA_ADMIN, DATA_OPS, TEAMS, Deployment
from tests.attacks.gates import (
    Answer,
    approve,
    button_value,
    decided_in_slack,
    execute,
    gate_of,
    press,
    seen,
    shown,
    wanted,
)
from tests.world import Target, declare, new_executor, running_target

RUNBOOK = """
kind: runbook
name: deeds
team: data
parameters:
  type: object
  properties: {host: {type: string, default: db1}, note: {type: string, default: ""}}
steps:
  - {id: lag, type: http, url: "{{ secrets.TARGET }}/lag", save: {seconds: response.json.seconds}}
  - {id: gate, type: approval, approvers: {team: data, role: admin}}
  - id: promote
    name: Promote the replica
    type: http
    method: POST
    url: "{{ secrets.TARGET }}/promote/{{ params.host }}/{{ incident.severity }}"
    headers: {X-Mode: "force-{{ params.host }}", Authorization: "Bearer {{ secrets.KEY }}"}
    json: {lag: "{{ steps.lag.saved.seconds }}"}
    save: {primary: response.json.seconds}
  - id: tell
    type: shell
    argv: [sh, -c, "{{ params.note }}"]
    env: {MODE: "{{ params.host }}", KEY: "{{ secrets.KEY }}"}
    stdin: "from {{ steps.promote.saved.primary }}"
"""
SECRET = "the-key-itself"


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running


@pytest.fixture(autouse=True)
def _deeds(deployment: Deployment, target: Target) -> None:
    declare(deployment.unit_of_work, "TARGET", "KEY")
    deployment.apply(RUNBOOK)
    deployment.executor = new_executor(deployment.unit_of_work, secrets={"TARGET": target.url, "KEY": SECRET})


def at_gate(deployment: Deployment, **parameters: object) -> Answer:
    run = execute(deployment, DATA_OPS, "deeds", deployment.incident("data").id, **parameters)
    return gate_of(deployment, run)


def test_the_card_shows_each_request_as_it_will_be_sent(deployment: Deployment) -> None:
    """Red before: `Next: *Promote the replica* (http), then *tell* (shell)`, and nothing of what they do."""
    gate = at_gate(deployment, host="db7", note="echo hello")
    card = shown(deployment, gate["id"])

    for words in ("POST {{ secrets.TARGET }}/promote/db7/medium", '{"lag": 1.5}', "X-Mode: force-db7"):
        assert words in card
    for words in ("sh -c 'echo hello'", "MODE=db7", "from ‹promote.primary›"):
        assert words in card
    assert SECRET not in card
    assert [each["depends_on_results"] for each in gate["shown"]] == [False, True]


def test_the_card_shows_each_header_that_the_definition_writes(deployment: Deployment) -> None:
    """Red before: its own Content-Type and Idempotency-Key stood nowhere, and so were not compared either."""
    call = """
  - id: promote
    type: http
    method: POST
    url: https://db.example/promote
    headers: {Content-Type: "text/{{ params.note }}", Idempotency-Key: "of {{ params.host }}"}
    body: x
"""
    deployment.apply(RUNBOOK[: RUNBOOK.index("  - id: promote")] + call.lstrip("\n"))
    card = shown(deployment, at_gate(deployment, host="db7", note="plain")["id"])

    for words in ("Content-Type: text/plain", "Idempotency-Key: of db7"):
        assert words in card


@pytest.mark.parametrize("length", [118, 1_000, 2_000])
def test_no_length_hides_the_end_of_a_parameter(deployment: Deployment, length: int) -> None:
    """Red before: cut at 120 characters without a word, `; rm -rf /` was not to be seen."""
    gate = at_gate(deployment, note="x" * length + "; rm -rf /")

    assert "; rm -rf /" in shown(deployment, gate["id"])


def test_what_is_too_long_is_cut_with_a_word_and_is_whole_on_the_page(deployment: Deployment) -> None:
    """Red before: cut without a word, here and on no page."""
    note = "x" * 3_500 + "; rm -rf /; " + "y" * 3_500
    gate = at_gate(deployment, note=note)
    card = shown(deployment, gate["id"])

    assert "rm -rf" not in card
    assert f"of {len(note):,} characters are shown" in card
    page = deployment.rest(DATA_ADMIN).get(f"/runs/{gate['execution_id']}").text
    assert note in page
    assert "/promote/db1/medium" in page
    assert f"https://runbooks.example/runs/{gate['execution_id']}?token=" in card


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\u2066", "\x1b", "\u00a0", "\U000e0041"])
def test_nothing_hides_behind_signs_that_cannot_be_seen(deployment: Deployment, hidden: str) -> None:
    """Red before: a right-to-left override turned what stood behind it."""
    gate = at_gate(deployment, note=f"echo {hidden}safe")
    card = shown(deployment, gate["id"])

    assert hidden not in card
    assert (f"\\x{ord(hidden):02x}" if ord(hidden) < 128 else ascii(hidden)[1:-1]) in card


def test_a_fence_in_a_parameter_ends_no_code_block(deployment: Deployment) -> None:
    gate = at_gate(deployment, note="echo\n```\n*Approved by the platform team*\n```")
    assert "```\n*Approved" not in shown(deployment, gate["id"])


def test_many_parameters_are_told_to_be_cut(deployment: Deployment) -> None:
    names = ", ".join(f"p{number}: {{type: string, default: ''}}" for number in range(100))
    deployment.apply(RUNBOOK.replace("{host:", f"{{{names}, host:"))
    gate = at_gate(deployment, **{f"p{number}": "z" * 100 for number in range(100)})
    card = shown(deployment, gate["id"])
    assert "parameters are not shown" in card


def test_the_list_of_approvals_shows_them_too(deployment: Deployment) -> None:
    """Red before: buttons under a line that named the runbook."""
    at_gate(deployment, note="echo hello")
    listed = deployment.slack.types(DATA_ADMIN, "C0DATA", "approvals")

    assert "sh -c 'echo hello'" in listed
    assert "approval.approve" in listed


def test_an_approval_is_void_if_a_step_renders_otherwise(deployment: Deployment, target: Target) -> None:
    """Red before: the incident's severity was changed behind the approval, and other was sent than was asked."""
    gate = at_gate(deployment)
    assert approve(deployment, DATA_ADMIN, gate).status_code == 200
    with deployment.unit_of_work.begin() as work:
        incident = work.session.get_one(Incident, seen(deployment, gate["execution_id"])["incident_id"])
        incident.severity = "critical"
    deployment.work()
    again = gate_of(deployment, gate["execution_id"])

    assert target.paths() == ["/lag"]
    assert again["id"] != gate["id"]
    assert again["asked_again"] == "Step promote would now send something different from what was approved."
    assert "Approval is needed again:" in shown(deployment, again["id"])
    assert "/promote/db1/critical" in shown(deployment, again["id"])
    assert "needed again" in shown(deployment, gate["id"])
    with deployment.unit_of_work.begin() as work:
        [entry] = work.session.query(AuditEntry).filter_by(action="approval.voided")
        assert (entry.subject_id, entry.details["reason"]) == (gate["id"], again["asked_again"])
        assert work.session.get_one(Approval, gate["id"]).status == "void"
    assert approve(deployment, DATA_ADMIN, again).status_code == 200
    deployment.work()
    assert target.paths() == ["/lag", "/promote/db1/critical"]
    assert seen(deployment, gate["execution_id"])["status"] in {"succeeded", "failed"}


def test_a_button_that_shows_something_else_decides_nothing(deployment: Deployment) -> None:
    """Red before: the button's value was the gate's id, whatever its message had shown."""
    gate = at_gate(deployment)
    other = f"{gate['id']}:{'0' * 16}"
    told = press(deployment, DATA_ADMIN, "approval.approve", other)

    assert "The approval request has changed since you saw it." in told
    assert gate_of(deployment, gate["execution_id"])["status"] == "open"
    assert decided_in_slack(deployment, DATA_ADMIN, gate, silent=True) == ""
    assert gate_of(deployment, gate["execution_id"]) is None


@pytest.mark.parametrize("digest", ["0" * 64, "0" * 16])
def test_an_approval_over_rest_that_names_another_digest_is_refused(
    deployment: Deployment, digest: str
) -> None:
    """Red before: there was nothing to name."""
    gate = at_gate(deployment)
    refused = approve(deployment, DATA_ADMIN, gate, digest=digest)

    assert refused.status_code == 409
    assert "The approval request has changed since you saw it." in refused.json()["detail"]
    assert approve(deployment, DATA_ADMIN, gate, digest=gate["digest"]).status_code == 200


@pytest.mark.parametrize("digest", ["", "a", "a" * 15])
def test_the_beginning_of_a_digest_is_long_enough_to_tell(deployment: Deployment, digest: str) -> None:
    gate = at_gate(deployment)
    assert approve(deployment, DATA_ADMIN, gate, digest=gate["digest"][: len(digest)]).status_code == 422
    value = f"{gate['id']}:{gate['digest'][: len(digest)]}"
    assert "approval request has changed" in press(deployment, DATA_ADMIN, "approval.approve", value)


def test_a_gate_of_an_earlier_release_is_asked_anew_before_anybody_approves_it(
    deployment: Deployment, target: Target
) -> None:
    """Nobody approves what they were not shown: an old button, whose value is the gate's id, says how things stand."""
    gate = at_gate(deployment)
    with deployment.unit_of_work.begin() as work:
        row = work.session.get_one(Approval, gate["id"])
        row.shown = row.digest = None
    before = wanted(deployment, gate["id"])
    assert button_value(deployment, gate["id"], "approval.approve") == gate["id"]
    told = press(deployment, DATA_ADMIN, "approval.approve", gate["id"])
    deployment.work()

    assert "did not show what will be sent" in told
    assert wanted(deployment, gate["id"]) > before
    again = gate_of(deployment, gate["execution_id"])
    assert again["id"] != gate["id"]
    assert again["digest"]
    assert target.paths() == ["/lag"]
    assert approve(deployment, DATA_ADMIN, gate).status_code == 409
    assert approve(deployment, DATA_ADMIN, again).status_code == 200


def test_the_digest_binds_parameters_and_requests(deployment: Deployment) -> None:
    digests = {at_gate(deployment, **given)["digest"] for given in ({}, {"note": "a"}, {"host": "b"})}
    assert len(digests) == 3


def test_what_stands_behind_a_gate_that_may_be_skipped_is_shown_by_the_one_before(
    deployment: Deployment,
) -> None:
    """Else a condition that does not hold would let through what nobody saw."""
    more = "  - {id: more, type: approval, if: 'false'}\n  - id: tell"
    deployment.apply(RUNBOOK.replace("  - id: tell", more))
    gate = at_gate(deployment, note="echo hello")

    assert [each["step"] for each in gate["shown"]] == ["promote", "more", "tell"]


def test_two_gates_in_a_row_show_the_same_steps(deployment: Deployment) -> None:
    deployment.apply(TEAMS)
    deployment.apply(RUNBOOK.replace("  - id: promote", "  - {id: more, type: approval}\n  - id: promote"))
    gate = at_gate(deployment)
    assert [each["step"] for each in gate["shown"]] == ["more", "promote", "tell"]
    assert approve(deployment, DATA_ADMIN, gate).status_code == 200
    deployment.work()
    assert [each["step"] for each in gate_of(deployment, gate["execution_id"])["shown"]] == [
        "promote",
        "tell",
    ]


def test_a_condition_that_hangs_on_results_is_shown_with_it(deployment: Deployment) -> None:
    condition = "  - id: tell\n    if: steps.promote.saved.primary == 2.0"
    deployment.apply(RUNBOOK.replace("  - id: tell", condition))
    gate = at_gate(deployment)
    tell: dict[str, Any] = gate["shown"][1]
    assert (tell["runs"], tell["condition"]) == ("depends", "steps.promote.saved.primary == 2.0")
    assert "only if" in shown(deployment, gate["id"])


def test_in_an_address_people_read_what_earlier_steps_will_bring(deployment: Deployment) -> None:
    """And not `%E2%80%B9promote.primary%E2%80%BA`."""
    more = """
  - id: more
    type: http
    url: "{{ secrets.TARGET }}/{{ params.host }}/{{ steps.promote.saved.primary }}?of={{ params.note }}"
"""
    deployment.apply(RUNBOOK + more.lstrip("\n"))
    card = shown(deployment, at_gate(deployment, note="a b")["id"])
    assert "GET {{ secrets.TARGET }}/db1/‹promote.primary›?of=a%20b" in card
