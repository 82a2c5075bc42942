"""Steps of types kubernetes and aws_ssm: what they accept, what a dry run shows, and what a test case answers."""

from typing import Any

import pytest

from core.definitions.runbook import Case, RunbookDefinition
from core.definitions.steps import step_types
from core.effects.kubernetes.rollouts import rollout_of
from core.services.executions.loading import policy_of
from core.simulation.simulate import simulate
from tests.unit.core.steps.test_remote import example, planned


def problems(step: dict[str, Any]) -> str:
    model = step_types()[step["type"]]
    try:
        model.model_validate(step)
    except ValueError as error:
        return str(error)
    return ""


def kubernetes(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (example("kubernetes") | changes).items() if value is not None}


def ssm(**changes: Any) -> dict[str, Any]:
    return {name: value for name, value in (example("aws_ssm") | changes).items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"replicas": 3}, "replicas is not for the action rollout_restart"),
        ({"action": "scale"}, "needs replicas"),
        ({"cancel": True}, "cancel is not for the action"),
        ({"token": "{{ secrets.T }}"}, "either kubeconfig or token"),
        ({"kubeconfig": "apiVersion: v1"}, "Write it as one secret"),
        ({"kubeconfig": None}, "either kubeconfig or token"),
        ({"certificate_authority": "x"}, "Leave certificate_authority out"),
        ({"action": "run_job", "target": "job/report"}, "Give spec with job/NAME"),
        ({"action": "run_job", "target": "cronjob/report", "spec": {}}, "Give spec with job/NAME"),
        ({"action": "rollout_status", "poll": {"every": "1m", "for": "1h"}}, "Leave poll out"),
    ],
)
def test_what_a_kubernetes_step_may_not_say(changes: dict[str, Any], why: str) -> None:
    assert problems(kubernetes()) == ""
    assert why in problems(kubernetes(**changes))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"instances": ["i-1"]}, "either instances or targets"),
        ({"targets": None}, "either instances or targets"),
        ({"secret_key": None}, "access_key and secret_key, or neither"),
        ({"access_key": None, "secret_key": None, "session_token": "{{ secrets.T }}"}, "session_token needs"),
        ({"access_key": "AKIA1"}, "Write it as one secret"),
        ({"argv": "systemctl reload"}, "never a shell string"),
        ({"argv": ["{{ params.cluster }}"]}, "argv.0 is the program"),
        ({"document": "Mine"}, "argv is for the document AWS-RunShellScript"),
        ({"document": "{{ params.cluster }}", "argv": None}, "Write the document literally"),
        ({"argv": None, "parameters": {"commands": ["rm {{ params.cluster }}"]}}, "become part of a script"),
        (
            {
                "document": "arn:aws:ssm:eu-central-1:1:document/AWS-RunPowerShellScript",
                "argv": None,
                "parameters": {"commands": "rm {{ params.cluster }}"},
            },
            "become part of a script",
        ),
        ({"parameters": {"commands": ["date"]}}, "either argv or parameters.commands"),
        ({"action": "start_automation", "argv": None}, "is not for the action start_automation"),
    ],
)
def test_what_an_ssm_step_may_not_say(changes: dict[str, Any], why: str) -> None:
    assert problems(ssm()) == ""
    assert why in problems(ssm(**changes))


@pytest.mark.parametrize("action", ["rollout_status", "rollout_restart", "cordon"])
def test_only_a_status_is_repeated_at_will(action: str) -> None:
    target = "node/n" if action == "cordon" else "deployment/x"
    policy = policy_of(step_types()["kubernetes"].model_validate(kubernetes(action=action, target=target)))

    assert policy.only_reads == (action == "rollout_status")
    assert policy.finds_lost_attempts == (action != "rollout_status")


def test_a_dry_run_shows_what_would_be_done_and_not_the_credentials() -> None:
    shown = planned(kubernetes(action="scale", replicas="3", target="deployment/{{ params.cluster }}"))
    assert shown["url"].endswith("/apis/apps/v1/namespaces/shop/deployments/orders")
    assert shown["replicas"] == 3

    shown = planned(ssm())
    assert shown["url"] == "https://ssm.eu-central-1.amazonaws.com/"
    assert shown["body"]["Parameters"] == {"commands": ["systemctl reload orders"]}


@pytest.mark.parametrize("region", ["eu-central-1.evil.example", "x", "EU-CENTRAL-1", "eu-central-1/", ""])
def test_a_region_is_no_place_for_a_host(region: str) -> None:
    with pytest.raises(AssertionError, match="is not a region"):
        planned(ssm(region=region or " "))


def rehearsed(step: dict[str, Any], *answers: dict[str, Any]) -> str:
    """How a case ends in which the other system gives these answers, one after the other."""
    document = {"kind": "runbook", "name": "x", "parameters": {"properties": {"cluster": {"type": "string"}}}}
    definition = RunbookDefinition.model_validate({**document, "steps": [step]})
    case = {
        "name": "x",
        "parameters": {"cluster": "orders"},
        "steps": {step["id"]: [{"json": each} for each in answers]},
    }
    simulation = simulate(definition, Case.model_validate({**case, "expect": {"status": "succeeded"}}))
    assert simulation.execution is not None
    return simulation.execution.status.value


ROLLED_OUT = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1}
STUCK = {"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}


@pytest.mark.parametrize(("status", "ends"), [(ROLLED_OUT, "succeeded"), (STUCK, "failed")])
def test_a_case_answers_for_a_cluster(status: dict[str, Any], ends: str) -> None:
    found = {"metadata": {"uid": "u"}, "spec": {"replicas": 1}, "status": status}
    step = kubernetes(action="rollout_status", save={"there": "job.spec.replicas"})

    assert rehearsed(step, {**found, "status": {}}, found) == ends


@pytest.mark.parametrize(("status", "ends"), [("Success", "succeeded"), ("TimedOut", "failed")])
def test_a_case_answers_for_aws(status: str, ends: str) -> None:
    started = {"AutomationExecutionId": "a"}
    ended = {"AutomationExecution": {**started, "AutomationExecutionStatus": status}}
    step = ssm(action="start_automation", document="Mine", argv=None, targets=None, max_concurrency=None)

    assert rehearsed(step, started, ended) == ends


@pytest.mark.parametrize(
    ("kind", "spec", "status", "expected"),
    [
        ("deployment", {"replicas": 2}, {"updatedReplicas": 1}, ("1 of 2 replicas updated", None)),
        (
            "deployment",
            {"replicas": 1},
            {"updatedReplicas": 1, "replicas": 2},
            ("1 old replicas are ending", None),
        ),
        ("deployment", {"replicas": 0}, {}, ("complete", True)),
        ("statefulset", {"replicas": 2}, {"readyReplicas": 1}, ("1 of 2 replicas ready", None)),
        (
            "statefulset",
            {"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 2}}},
            {"readyReplicas": 3, "updatedReplicas": 1},
            ("complete", True),
        ),
        (
            "statefulset",
            {"replicas": 1},
            {"readyReplicas": 1, "updateRevision": "b", "currentRevision": "a"},
            ("0 of 1 replicas updated", None),
        ),
        (
            "daemonset",
            {},
            {"desiredNumberScheduled": 2, "updatedNumberScheduled": 1},
            ("1 of 2 pods updated", None),
        ),
        (
            "daemonset",
            {},
            {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2, "numberAvailable": 1},
            ("1 of 2 pods available", None),
        ),
        (
            "daemonset",
            {"updateStrategy": {"type": "OnDelete"}},
            {},
            ("its strategy is OnDelete, so nothing is rolled out", False),
        ),
    ],
)
def test_the_rules_of_a_rollout(kind: str, spec: Any, status: Any, expected: tuple[str, bool | None]) -> None:
    rollout = rollout_of(kind, {"metadata": {}, "spec": spec, "status": status})

    assert (rollout.status, rollout.is_well) == expected
