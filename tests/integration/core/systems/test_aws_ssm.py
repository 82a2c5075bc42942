"""The step `aws_ssm`: automations and their tokens, outputs, identities; and commands against moto's server."""

import os
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from core.execution.executor import Executor
from core.execution.preparation import Ports
from core.io.aws import AwsSigner
from core.io.egress import EgressPolicy
from core.io.http import HttpCaller
from core.statuses import Status
from tests.integration.core.systems.conftest import TOKEN, Runs
from tests.systems.play import Answer
from tests.systems.ssm import Ssm
from tests.world import new_executor, secrets_of

SAFE = "retry: {safe: true, attempts: 2, backoff: 1s}"
KEYS = 'access_key: "{{ secrets.ACCESS }}"\n      secret_key: "{{ secrets.TOKEN }}"'


# Automations -----------------------------------------------------------------------------------------


def test_an_automation_is_followed_and_its_outputs_are_the_steps(runs: Runs, ssm: Ssm) -> None:
    runs.work(ssm.automation("save: {id: 'job.outputs[\"restart.Id\"][0]'}"))
    assert runs.run().status is Status.WAITING
    ssm.end()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert runs.saved == {"id": "7"}
    assert runs.step().output["steps"] == {"restart": "Success"}
    assert runs.step().output["outputs"] == {"restart.Id": ["7"]}
    assert runs.step().output["url"].startswith("https://eu-central-1.console.aws.amazon.com/")


def test_its_failure_says_why(runs: Runs, ssm: Ssm) -> None:
    runs.work(ssm.automation())
    ssm.end(well=False)
    runs.pass_by()

    assert "It ended as Failed" in str(runs.step().error)
    assert runs.step().output["failure"] == "It broke"


@pytest.mark.parametrize("loss", ["effect.before", "effect.after", "lose_answers", "lose_calls"])
def test_a_lost_start_is_repeated_with_its_token(runs: Runs, ssm: Ssm, loss: str) -> None:
    if loss.startswith("effect"):
        runs.lose_worker(ssm.automation(), loss)
    else:
        setattr(ssm, loss, 1)
        runs.work(ssm.automation())
        runs.pass_by()
    ssm.end()
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert len(ssm.jobs) == 1


def test_a_retry_after_a_known_end_starts_another(runs: Runs, ssm: Ssm) -> None:
    runs.work(ssm.automation(SAFE))
    ssm.end(well=False)
    runs.pass_by(times=2)

    assert len(set(ssm.marks)) == 2


def test_a_start_in_doubt_that_would_differ_now_is_a_question(runs: Runs, ssm: Ssm) -> None:
    runs.begin(ssm.automation())
    runs.die_here("effect.after")
    before, execution = ssm.automations.popitem()[1]
    ssm.automations[ssm.marks[0]] = ({**before, "Parameters": {}}, execution)
    runs.next_worker()

    assert runs.is_asked()
    assert "started before, with other parameters" in str(runs.step().error)


def test_a_cancel_stops_it_if_the_step_says_so(runs: Runs, ssm: Ssm) -> None:
    runs.work(ssm.automation("cancel: true"))
    runs.world.cancel(runs.id)
    runs.world.work()

    assert runs.run().status is Status.CANCELLED
    assert len(ssm.cancelled) == 1


# Commands ------------------------------------------------------------------------------------------------


def test_outputs_of_instances_are_bounded_and_masked(runs: Runs, ssm: Ssm) -> None:
    ssm.outputs = "x" * 24_000 + f" {TOKEN} end"
    runs.work(ssm.step())
    ssm.end()
    runs.pass_by()

    outputs = runs.step().output["instances"]
    assert set(outputs) == {"i-1", "i-2"}
    assert outputs["i-1"]["stdout"].endswith("x *** end")
    assert len(outputs["i-1"]["stdout"]) <= 8_192
    assert TOKEN not in runs.run().model_dump_json()


def test_targets_are_asked_for_after_the_end(runs: Runs, ssm: Ssm) -> None:
    runs.work(ssm.step().replace("instances: [i-1, i-2]", 'targets: {"tag:Role": [pooler]}'))
    ssm.end()
    runs.pass_by()

    assert ssm.jobs[0]["command"]["Targets"] == [{"Key": "tag:Role", "Values": ["pooler"]}]
    assert set(runs.step().output["instances"]) == {"i-0", "i-1"}


def test_values_in_arguments_are_quoted_for_the_shell(runs: Runs, ssm: Ssm) -> None:
    runs.work(ssm.step().replace("reload, orders]", 'reload, "{{ incident.title }}; reboot"]'))

    (command,) = ssm.jobs[0]["command"]["Parameters"]["commands"]
    assert command == "systemctl reload 'Orders down; reboot'"


# Identities ----------------------------------------------------------------------------------------------


def signing_as_worker(runs: Runs, monkeypatch: pytest.MonkeyPatch, *teams: str) -> None:
    """A worker with an identity in AWS, which these teams may use."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIATEST")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-the-worker-itself")
    http = HttpCaller(EgressPolicy.parse(["127.0.0.1"]))
    factory = runs.world.unit_of_work
    ports = Ports(http, None, secrets_of(factory, {}), aws=AwsSigner(frozenset(teams)))
    runs.world.executor = Executor(factory, ports, "worker-1")


@pytest.mark.parametrize(("team", "may"), [("database", True), ("*", True), ("web", False)])
def test_the_workers_identity_is_for_listed_teams(
    runs: Runs, ssm: Ssm, monkeypatch: pytest.MonkeyPatch, team: str, may: bool
) -> None:
    signing_as_worker(runs, monkeypatch, team)
    runs.work(ssm.step().replace(KEYS, ""))

    assert len(ssm.jobs) == int(may)
    assert may or "may not act with the worker's own identity" in str(runs.step().error)


def test_without_the_library_it_says_what_to_install(runs: Runs, ssm: Ssm) -> None:
    http, factory = HttpCaller(EgressPolicy.parse(["127.0.0.1"])), runs.world.unit_of_work
    ports = Ports(http, None, secrets_of(factory, {"TOKEN": TOKEN, "ACCESS": "AKIATEST"}))
    runs.world.executor = Executor(factory, ports, "worker-1")
    runs.work(ssm.step())

    assert "pip install runbook[aws]" in str(runs.step().error)
    assert ssm.calls == []


def test_what_aws_refuses_is_a_failure_without_doubt(runs: Runs, ssm: Ssm) -> None:
    ssm.refusal = Answer(400, {"__type": "InvalidInstanceId", "message": f"{TOKEN}"})
    runs.work(ssm.step())

    assert runs.run().status is Status.FAILED
    assert "InvalidInstanceId" in str(runs.step().error)
    assert TOKEN not in runs.run().model_dump_json()


# moto: a server of AWS's APIs that others wrote. It has no automations ------------------------------


@pytest.fixture
def moto(runs: Runs) -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    runs.world.executor = new_executor(
        runs.world.unit_of_work, secrets={"TOKEN": TOKEN, "ACCESS": "AKIATEST"}
    )
    yield f"http://{host}:{port}"
    server.stop()


def test_moto_runs_a_command_and_shows_it(runs: Runs, moto: str) -> None:
    runs.work(Ssm(moto).step())
    runs.pass_by()

    assert runs.run().status is Status.SUCCEEDED
    assert runs.saved == {"result": "Success"}
    assert set(runs.step().output["instances"]) == {"i-1", "i-2"}


def test_moto_shows_the_command_of_a_lost_worker(runs: Runs, moto: str) -> None:
    runs.lose_worker(Ssm(moto).step(), "effect.after")
    runs.pass_by(times=2)

    assert runs.run().status is Status.SUCCEEDED
    assert set(runs.step().output["instances"]) == {"i-1", "i-2"}
