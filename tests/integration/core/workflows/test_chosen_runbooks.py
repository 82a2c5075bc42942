"""The action `runbook` with a template in place of the name: an alert's label chooses the runbook, within limits."""

import pytest

from core.statuses import Status
from tests.integration.core.workflows.deployment import Deployment
from tests.world import TEAMS, apply_documents

RUNBOOKS = """
{kind: runbook, name: db-check, team: database, steps: [{id: s, type: message, text: checked}]}
---
{kind: runbook, name: any-check, steps: [{id: s, type: message, text: checked}]}
---
{kind: runbook, name: web-check, team: web, steps: [{id: s, type: message, text: checked}]}
---
kind: runbook
name: db-wipe
team: database
parameters: {required: [why], properties: {why: {type: string}}}
steps: [{id: s, type: message, text: wiped}]
---
"""
WORKFLOW = """
kind: workflow
name: choose
trigger: {on: incident.created}
actions:
  - {id: go, type: runbook, runbook: "{{ incident.labels.runbook }}"MORE}
"""
DRAFT = f"""{TEAMS}
---
{{kind: runbook, name: db-draft, team: database, steps: [{{id: s, type: message, text: checked}}]}}
"""
MUST = "It must be global or owned by that team."
BY_HAND = "Start the right one by hand with `/runbook run`, or correct the name where it comes from."
FROM = "No runbook was started: {{ incident.labels.runbook }}"


def begin(deployment: Deployment, name: str | None, more: str = "") -> None:
    deployment.apply(RUNBOOKS + WORKFLOW.replace("MORE", more))
    deployment.open(labels={} if name is None else {"runbook": name})


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("db-check", ""),
        ("any-check", ""),
        ("db-check", ", only: [db-check]"),
        ("db-check", ", only: [any-check, db-*]"),
        (" db-check ", ", wait: true"),
    ],
)
def test_a_label_names_the_runbook(deployment: Deployment, name: str, more: str) -> None:
    begin(deployment, name, more)
    assert [run.runbook_name for run in deployment.runbook_runs()] == [name.strip()]
    assert deployment.run().status is Status.SUCCEEDED
    output = deployment.run().actions[0].output
    assert output["runbook"] == name.strip()


@pytest.mark.parametrize(
    ("name", "more", "why"),
    [
        (None, "", " is empty. It must give the name of a runbook."),
        (
            "gone",
            "",
            ' gives "gone". There is no runbook gone for incidents of team database. ' + MUST,
        ),
        (
            "web-check",
            "",
            ' gives "web-check". There is no runbook web-check for incidents of team database. ' + MUST,
        ),
        (
            "db-draft",
            "",
            ' gives "db-draft". db-draft is draft: only an approved version runs. Ask a platform admin to approve it.',
        ),
        ("DB Check!", "", ' gives "DB Check!". That cannot be the name of a runbook.'),
        ("{{ 1 }}", "", ' gives "{{ 1 }}". That cannot be the name of a runbook.'),
        (
            "db-wipe",
            ", only: [db-check, any-*]",
            ' gives "db-wipe". This workflow allows only db-check or any-*.',
        ),
    ],
)
def test_without_one_to_start_the_action_fails_and_the_channel_is_told(
    deployment: Deployment, name: str | None, more: str, why: str
) -> None:
    apply_documents(deployment.unit_of_work, DRAFT, approve=False)
    begin(deployment, name, more)
    assert deployment.runbook_runs() == []
    assert deployment.run().status is Status.FAILED
    [said] = deployment.said()
    assert said.startswith(":warning: Workflow *choose* v1")
    assert said.endswith(f"Action *go*: {FROM}{why} {BY_HAND}")


def test_a_workflow_that_continues_tells_the_channel_too(deployment: Deployment) -> None:
    begin(deployment, "gone", ", on_failure: continue")
    assert deployment.run().status is Status.SUCCEEDED
    assert deployment.statuses() == {"go": "failed"}
    [said] = deployment.said()
    assert said.startswith(f":warning: Action *go*: {FROM} gives ")


def test_a_long_name_is_cut_where_it_is_shown(deployment: Deployment) -> None:
    begin(deployment, "x" * 500)
    [said] = deployment.said()
    assert "x" * 57 + "…" in said
    assert "x" * 58 not in said


def test_parameters_that_the_named_runbook_does_not_fit_fail_as_ever(deployment: Deployment) -> None:
    begin(deployment, "db-wipe", ", parameters: {because: x}")
    assert deployment.runbook_runs() == []
    error = deployment.run().actions[0].error or ""
    assert "There is no parameter because." in error


def test_a_team_owned_workflow_reaches_no_further(deployment: Deployment) -> None:
    text = WORKFLOW.replace("name: choose", "name: choose\nteam: database").replace("MORE", "")
    deployment.apply(RUNBOOKS + text)
    deployment.open(labels={"runbook": "web-check"})
    assert deployment.runbook_runs() == []


def test_a_template_that_cannot_be_evaluated_says_so(deployment: Deployment) -> None:
    text = WORKFLOW.replace("incident.labels.runbook", "string(1 / int(incident.labels.n))")
    deployment.apply(RUNBOOKS + text.replace("MORE", ""))
    deployment.open(labels={"n": "0"})
    [said] = deployment.said()
    assert "cannot be evaluated. " in said
    assert said.endswith(BY_HAND)
