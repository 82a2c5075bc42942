"""kubectl, a client that others wrote, against the played API server: what it sees and does there is what steps see."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.statuses import Status
from tests.integration.core.systems.conftest import Runs
from tests.systems.clusters import cluster, kubeconfig, step
from tests.systems.kubernetes import NODES, Kubernetes
from tests.world import new_executor

Kubectl = Callable[..., str]
SECONDS = 20


@pytest.fixture
def play() -> Iterator[Kubernetes]:
    with cluster() as there:
        there.put(f"{NODES}/node-1", {"spec": {}})
        yield there


@pytest.fixture
def kubectl(play: Kubernetes, tmp_path: Path) -> Kubectl:
    """Runs kubectl, and returns what it says. Debian's, or whichever is at its place."""
    config = tmp_path / "kubeconfig"
    config.write_text(kubeconfig(play.url))

    def run(*arguments: str) -> str:
        done = subprocess.run(
            ["/usr/bin/kubectl", "--kubeconfig", str(config), "--context", "ours", *arguments],
            env={"HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run


def test_it_sees_what_is_there(play: Kubernetes, kubectl: Kubectl) -> None:
    play.deploy()
    play.pod("orders-1")

    assert kubectl("get", "deployments,pods", "-o", "name").split() == [
        "deployment.apps/orders",
        "pod/orders-1",
    ]
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/orders")


def test_it_restarts_and_undoes_as_steps_do(play: Kubernetes, kubectl: Kubectl) -> None:
    path = play.deploy(image="orders:1")
    play.deploy(image="orders:2")
    kubectl("rollout", "undo", "deployment/orders")
    play.settle()
    assert play.objects[path]["spec"]["template"]["spec"]["containers"][0]["image"] == "orders:1"

    kubectl("rollout", "restart", "deployment/orders")
    assert play.objects[path]["metadata"]["generation"] > play.objects[path]["status"]["observedGeneration"]
    play.settle()
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/orders")


def test_it_scales(play: Kubernetes, kubectl: Kubectl) -> None:
    path = play.deploy()
    kubectl("scale", "deployment/orders", "--replicas", "5")

    assert play.objects[path]["spec"]["replicas"] == 5


def test_it_drains_and_uncordons(play: Kubernetes, kubectl: Kubectl) -> None:
    play.pod("orders-1")
    play.pod("log-agent", owner="DaemonSet")
    play.put("/apis/apps/v1/namespaces/shop/daemonsets/x", {"spec": {}})
    play.ends_at_once = True

    assert "evicted" in kubectl("drain", "node-1", "--ignore-daemonsets", "--timeout", "10s")
    assert play.evicted == ["orders-1"]
    assert play.objects[f"{NODES}/node-1"]["spec"]["unschedulable"] is True
    kubectl("uncordon", "node-1")
    assert not play.objects[f"{NODES}/node-1"]["spec"].get("unschedulable")


def test_it_reads_the_log_of_a_pod(play: Kubernetes, kubectl: Kubectl) -> None:
    play.pod("orders-1", containers=[{"name": "main"}])
    play.logs = "one\ntwo\n"

    assert kubectl("logs", "orders-1", "--tail", "1") == "two\n"


def test_it_sees_what_steps_did(runs: Runs, play: Kubernetes, kubectl: Kubectl) -> None:
    runs.world.executor = new_executor(runs.world.unit_of_work, secrets={"KUBECONFIG": kubeconfig(play.url)})
    play.deploy(image="orders:1")
    play.deploy(image="orders:2")
    runs.work(step(play, "rollout_undo", "deployment/orders"))
    play.settle()
    runs.pass_by()
    assert runs.run().status is Status.SUCCEEDED
    image = "jsonpath={.spec.template.spec.containers[0].image}"
    assert kubectl("get", "deployment", "orders", "-o", image) == "orders:1"
    assert "successfully rolled out" in kubectl("rollout", "status", "deployment/orders")

    spec = "spec: {template: {spec: {containers: [{name: main, image: busybox}]}}}"
    runs.begin(step(play, "run_job", "job/report", spec), "job")
    runs.world.work()
    play.settle()
    runs.pass_by()
    assert runs.run().status is Status.SUCCEEDED
    assert kubectl("get", "jobs", "-o", "name").startswith("job.batch/report-")
