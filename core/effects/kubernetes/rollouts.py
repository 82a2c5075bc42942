"""Whether a rollout is complete: the rules of `kubectl rollout status`.

Sources: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#deployment-status,
https://github.com/kubernetes/kubectl/blob/master/pkg/polymorphichelpers/rollout_status.go
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core.effects.kubernetes.objects import items, mapping, number, word
from core.values.execution import Json


@dataclass(frozen=True)
class Rollout:
    """The state. `is_well`: None while it goes on."""

    status: str
    is_well: bool | None = None


COMPLETE = Rollout("complete", True)
UNSEEN = Rollout("not yet seen by its controller")


def rollout_of(kind: str, found: Json) -> Rollout:
    """Return the state of the rollout of a deployment, statefulset or daemonset."""
    spec, status = mapping(found, "spec"), mapping(found, "status")
    generation = number(mapping(found, "metadata"), "generation")
    if kind != "deployment" and word(mapping(spec, "updateStrategy"), "type") == "OnDelete":
        return Rollout("its strategy is OnDelete, so nothing is rolled out", False)
    if number(status, "observedGeneration") < generation:
        return UNSEEN
    if kind == "deployment":
        return _deployment(spec, status)
    return _statefulset(spec, status) if kind == "statefulset" else _daemonset(status)


def _deployment(spec: Mapping[str, Json], status: Mapping[str, Json]) -> Rollout:
    wanted, updated = number(spec, "replicas", 1), number(status, "updatedReplicas")
    for condition in items(status.get("conditions")):
        if condition.get("type") == "Progressing" and condition.get("reason") == "ProgressDeadlineExceeded":
            return Rollout("ProgressDeadlineExceeded", False)
    if updated < wanted:
        return Rollout(f"{updated} of {wanted} replicas updated")
    if number(status, "replicas") > updated:
        return Rollout(f"{number(status, 'replicas') - updated} old replicas are ending")
    available = number(status, "availableReplicas")
    return COMPLETE if available >= updated else Rollout(f"{available} of {updated} replicas available")


def _statefulset(spec: Mapping[str, Json], status: Mapping[str, Json]) -> Rollout:
    wanted, ready = number(spec, "replicas", 1), number(status, "readyReplicas")
    if ready < wanted:
        return Rollout(f"{ready} of {wanted} replicas ready")
    partition = number(mapping(spec, "updateStrategy", "rollingUpdate"), "partition")
    updated = number(status, "updatedReplicas")
    if partition:
        left = wanted - partition
        return COMPLETE if updated >= left else Rollout(f"{updated} of {left} replicas updated")
    if status.get("updateRevision") != status.get("currentRevision"):
        return Rollout(f"{updated} of {wanted} replicas updated")
    return COMPLETE


def _daemonset(status: Mapping[str, Json]) -> Rollout:
    wanted, updated = number(status, "desiredNumberScheduled"), number(status, "updatedNumberScheduled")
    available = number(status, "numberAvailable")
    if updated < wanted:
        return Rollout(f"{updated} of {wanted} pods updated")
    return COMPLETE if available >= wanted else Rollout(f"{available} of {wanted} pods available")
