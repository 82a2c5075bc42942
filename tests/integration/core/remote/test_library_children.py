"""Runbooks of examples/library whose child runs `runbook test` does not play: here they are played, step by step."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from core.statuses import Status
from tests.integration.core.remote.databases import Database
from tests.integration.core.remote.library import LibraryRun
from tests.integration.core.world import CoreWorld
from tests.systems.patroni import Patroni
from tests.systems.play import NOT_FOUND, Answer, Call, Play, playing


@dataclass
class Cluster(Play):
    """What a drain needs of the Kubernetes API. `pods`: by namespace and name.

    `budget`: how many evictions the disruption budget refuses; None: all of them.
    Source: https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
    """

    pods: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    unschedulable: bool = False
    budget: int | None = 0

    def add(self, namespace: str, name: str, owner: str) -> None:
        self.pods[namespace, name] = {
            "metadata": {
                "namespace": namespace,
                "name": name,
                "uid": f"uid-{name}",
                "ownerReferences": [{"kind": owner}],
            },
            "status": {"phase": "Running"},
        }

    def answer(self, call: Call) -> Answer:
        if call.headers.get("authorization") != "Bearer the-token":
            return Answer(401, {"kind": "Status"})
        if call.path == "/api/v1/nodes/node-7":
            if call.method == "PATCH":
                assert call.headers["content-type"] == "application/strategic-merge-patch+json"
                self.unschedulable = call.json["spec"]["unschedulable"]
            return Answer(200, {"spec": {"unschedulable": True} if self.unschedulable else {}})
        if call.path == "/api/v1/pods":
            assert call.query == {"fieldSelector": "spec.nodeName=node-7"}
            return Answer(200, {"items": list(self.pods.values())})
        found = re.fullmatch(r"/api/v1/namespaces/([\w-]+)/pods/([\w-]+)(/eviction)?", call.path)
        if found is None or (found[1], found[2]) not in self.pods:
            return NOT_FOUND
        pod = found[1], found[2]
        return self._evict(call, pod) if found[3] else Answer(200, self.pods[pod])

    def _evict(self, call: Call, pod: tuple[str, str]) -> Answer:
        if self.budget is None or self.budget > 0:
            self.budget = None if self.budget is None else self.budget - 1
            return Answer(429, {"reason": "TooManyRequests"})
        asked = call.json["deleteOptions"]["preconditions"]["uid"]
        if asked != self.pods[pod]["metadata"]["uid"]:
            return Answer(409, {"reason": "Conflict"})
        del self.pods[pod]
        return Answer(201, {"status": "Success"})


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    with playing(Cluster()) as running:
        for name in ("checkout-1", "checkout-2", "search-1"):
            running.add("shop", name, "ReplicaSet")
        running.add("kube-system", "proxy-1", "DaemonSet")
        yield running


def drain(world: CoreWorld, cluster: Cluster) -> LibraryRun:
    """The run, once it is approved."""
    run = LibraryRun(world, "platform", "kubernetes-drain")
    run.apply()
    run.equip(KUBERNETES_API=cluster.url, KUBERNETES_TOKEN="the-token")
    run.start(node="node-7")
    assert "3 pods leave node-7." in run.message()
    run.approve()
    return run


def test_a_drain_waits_for_the_disruption_budget(world: CoreWorld, cluster: Cluster) -> None:
    cluster.budget = 2
    run = drain(world, cluster)
    assert len(cluster.pods) == 4
    for _ in range(10):
        world.pass_by(seconds=10)

    assert world.see(run.id).status is Status.SUCCEEDED, run.error()
    assert list(cluster.pods) == [("kube-system", "proxy-1")]
    assert cluster.unschedulable


def test_a_drain_that_no_budget_allows_lets_pods_in_again(world: CoreWorld, cluster: Cluster) -> None:
    cluster.budget = None
    run = drain(world, cluster)
    assert cluster.unschedulable
    for _ in range(12):
        world.pass_by(minutes=5)

    assert world.see(run.id).status is Status.FAILED
    assert len(cluster.pods) == 4
    assert not cluster.unschedulable


def test_a_drain_that_is_cancelled_lets_pods_in_again(world: CoreWorld, cluster: Cluster) -> None:
    cluster.budget = None
    run = drain(world, cluster)
    run.cancel()
    for _ in range(3):
        world.pass_by(seconds=10)

    assert world.see(run.id).status is Status.CANCELLED
    assert not cluster.unschedulable
    assert run.output("told")["text"] == "Drain of node-7: cancelled."


def test_evidence_is_gathered_from_what_answers(world: CoreWorld, postgresql_database: Database) -> None:
    with playing(Patroni()) as patroni:
        run = LibraryRun(world, "database", "gather-evidence")
        run.apply()
        run.equip(POSTGRES_ADMIN=postgresql_database.url, PATRONI_API=patroni.url)
        run.start()

    assert world.see(run.id).status is Status.SUCCEEDED, run.error()
    text = str(run.output("told")["text"])
    assert re.search(r"\*sessions\*: \d+ ", text)
    assert "*blocked*: " in text  # nothing, unless another test waits for a lock at the moment
    assert "pg-1 (leader, running), pg-2 (replica, streaming, 0 bytes behind)" in text
