"""What people enter half way is no way past a gate: who approves sees it, and is somebody else."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.attacks.deployment import DATA_ADMIN, DATA_OPS, PLATFORM, WEB_OPS, Deployment
from tests.attacks.gates import Answer, approve, execute, gate_of, seen, shown
from tests.world import Target, declare, new_executor, running_target

ASK = """
  - id: which
    type: input
    message: Which host?
    schema: {type: object, required: [host], properties: {host: {type: string}, really: {type: boolean}}}
"""
GATE = "\n  - {id: gate, type: approval, approvers: {team: data}}"
DROP = """
  - id: drop
    type: http
    method: POST
    url: "{{ secrets.TARGET }}/drop/{{ steps.which.saved.host }}"
"""
OTHER = """
  - id: other
    type: http
    method: POST
    url: "{{ secrets.TARGET }}/other"
"""


@pytest.fixture
def target() -> Iterator[Target]:
    with running_target() as running:
        yield running


@pytest.fixture(autouse=True)
def _worker(deployment: Deployment, target: Target) -> None:
    declare(deployment.unit_of_work, "TARGET")
    deployment.executor = new_executor(deployment.unit_of_work, secrets={"TARGET": target.url})


def begun(deployment: Deployment, *steps: str) -> str:
    deployment.apply("kind: runbook\nname: asks\nteam: data\nsteps:" + "".join(steps))
    return execute(deployment, DATA_OPS, "asks", deployment.incident("data").id)


def give(deployment: Deployment, person: str, run: str, **values: object) -> Any:
    answer = deployment.rest(person).post(f"/api/runbooks/executions/{run}/input", json={"values": values})
    deployment.work()
    return answer


def passed(deployment: Deployment, person: str, gate: Answer) -> None:
    answer = approve(deployment, person, gate, digest=gate["digest"])
    assert answer.status_code == 200, answer.text
    deployment.work()


def test_values_entered_before_a_gate_are_shown_and_bound(deployment: Deployment, target: Target) -> None:
    run = begun(deployment, ASK, GATE, DROP)
    assert give(deployment, DATA_OPS, run, host="db7").status_code == 200
    gate = gate_of(deployment, run)
    assert "/drop/db7" in shown(deployment, gate["id"])
    assert gate["shown"][0]["depends_on_results"] is False
    passed(deployment, DATA_ADMIN, gate)
    assert target.paths() == ["/drop/db7"]


def test_values_entered_after_an_approval_are_approved_before_they_are_used(
    deployment: Deployment, target: Target
) -> None:
    """Otherwise the requester would have `db1` approved, or nothing at all, and would then enter `db7`."""
    run = begun(deployment, GATE, ASK, OTHER, DROP)
    first = gate_of(deployment, run)
    assert "/drop/‹which.host›" in shown(deployment, first["id"])
    passed(deployment, DATA_ADMIN, first)
    assert give(deployment, DATA_OPS, run, host="db7").status_code == 200

    assert target.paths() == ["/other"], "it uses no value, so its approval holds"
    second = gate_of(deployment, run)
    assert second["id"] != first["id"]
    assert "Step drop uses values that were entered after the approval." in second["asked_again"]
    assert "/drop/db7" in shown(deployment, second["id"])
    assert [each["step"] for each in second["shown"]] == ["drop"]
    passed(deployment, DATA_ADMIN, second)
    assert target.paths() == ["/other", "/drop/db7"]
    assert seen(deployment, run)["status"] == "succeeded"


def test_a_condition_on_what_was_entered_is_approved_too(deployment: Deployment, target: Target) -> None:
    conditional = OTHER + "    if: steps.which.saved.really == true\n"
    run = begun(deployment, GATE, ASK, conditional)
    passed(deployment, DATA_ADMIN, gate_of(deployment, run))
    give(deployment, DATA_OPS, run, host="db7", really=True)
    assert (target.paths(), gate_of(deployment, run) is not None) == ([], True)


def test_who_entered_the_values_does_not_approve_them(deployment: Deployment, target: Target) -> None:
    run = begun(deployment, ASK, GATE, DROP)
    assert give(deployment, DATA_ADMIN, run, host="db7").status_code == 200
    refused = approve(deployment, DATA_ADMIN, gate_of(deployment, run))

    assert refused.status_code == 403
    assert "You entered values for this run, so somebody else must approve it." in refused.json()["detail"]
    passed(deployment, PLATFORM, gate_of(deployment, run))
    assert target.paths() == ["/drop/db7"]


def test_who_is_named_in_another_team_answers_and_sees_nothing_else(deployment: Deployment) -> None:
    named = ASK + "    from: {people: [U0WEBOPS]}\n"
    run = begun(deployment, named)
    answer = give(deployment, WEB_OPS, run, host="db7")
    assert (answer.status_code, set(answer.json())) == (200, {"input"})
    assert deployment.rest(WEB_OPS).get(f"/api/runbooks/executions/{run}").status_code == 404


def test_what_is_entered_is_text_and_no_template(deployment: Deployment, target: Target) -> None:
    run = begun(deployment, ASK, DROP)
    give(deployment, DATA_OPS, run, host="{{ secrets.TARGET }}")
    assert target.paths() == ["/drop/%7B%7B%20secrets.TARGET%20%7D%7D"]
