"""Actions that fail: tried again, passed, told of."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from core.statuses import Status
from core.tables import Workflow, WorkflowVersion
from tests.integration.core.workflows.deployment import Deployment
from tests.world import Target

SECOND = timedelta(seconds=1)


def calling(target: Target, more: str = "") -> str:
    return f"""
kind: workflow
name: calls
trigger: {{on: incident.created}}
actions:
  - id: call
    type: webhook
    url: {target.url}/hook
{more}
  - {{id: tell, type: message, text: after}}
"""


def test_a_failed_action_is_tried_again_with_a_growing_wait(deployment: Deployment, target: Target) -> None:
    target.answers["/hook"] = 500
    deployment.apply(calling(target, "    retry: {safe: true, attempts: 4, backoff: 2s, max_backoff: 3s}"))
    deployment.open()
    moments = [timedelta(seconds=seconds) for seconds in (0, 2, 5, 8)]
    for number, moment in enumerate(moments[1:], start=1):
        deployment.at(moment - SECOND)
        assert len(target.calls) == number
        deployment.at(moment)
    assert len(target.calls) == 4
    assert deployment.run().status is Status.FAILED
    assert len({key for _, _, key in target.calls}) == 1


def test_an_action_that_may_fail_does_not_end_the_workflow(deployment: Deployment, target: Target) -> None:
    target.answers["/hook"] = 500
    deployment.apply(calling(target, "    on_failure: continue"))
    deployment.open()
    assert deployment.statuses() == {"call": "failed", "tell": "succeeded"}
    assert deployment.run().status is Status.SUCCEEDED
    assert deployment.said() == ["after"]


def set_author(deployment: Deployment, author: str) -> None:
    with deployment.unit_of_work.begin() as work:
        for row in (*work.session.scalars(select(WorkflowVersion)), *work.session.scalars(select(Workflow))):
            row.changed_by = author


@pytest.mark.parametrize("author", ["U0AUTHOR", "operator", "system"])
def test_a_failure_is_told_to_the_channel_and_to_who_wrote_the_version(
    deployment: Deployment, target: Target, author: str
) -> None:
    target.answers["/hook"] = 500
    deployment.apply(calling(target))
    set_author(deployment, author)
    incident = deployment.open()
    run = deployment.run()
    told = deployment.messages()

    assert [channel for channel, _ in told] == ([None, "U0AUTHOR"] if author == "U0AUTHOR" else [None])
    for _, text in told:
        assert "*calls* v1" in text
        assert run.id in text
        assert "Action *call*: Answered 500; expected response.status < 400" in text
    if author == "U0AUTHOR":
        assert f"for inc-{incident.number}, _Orders down_" in told[1][1]


def test_the_author_of_the_version_that_ran_is_told_not_the_last_one(
    deployment: Deployment, target: Target
) -> None:
    target.answers["/hook"] = 500
    deployment.apply(calling(target))
    set_author(deployment, "U0AUTHOR")
    with deployment.unit_of_work.begin() as work:
        workflow = work.session.scalars(select(Workflow)).one()
        workflow.changed_by = "U0OTHER"
    deployment.open()
    assert [channel for channel, _ in deployment.messages()] == [None, "U0AUTHOR"]
