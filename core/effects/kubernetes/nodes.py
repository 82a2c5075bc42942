"""Cordon, uncordon and drain a node.

Evictions go through the Eviction API, which keeps to PodDisruptionBudgets. Sources:
https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/,
https://kubernetes.io/docs/tasks/administer-cluster/safely-drain-node/
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from core.effects.job_values import Job
from core.effects.kubernetes.objects import MERGE, Acting, Target, items, listed, mapping, uid_of, word
from core.effects.remote import TOO_MANY, Session, Useless
from core.values.execution import Json

MIRROR = "kubernetes.io/config.mirror"
OVER = ("Succeeded", "Failed")
SHORT = timedelta(seconds=2)  # too little of a look's time for another eviction
NOT_FOUND, CONFLICT = 404, 409


@dataclass(frozen=True)
class Cordon(Acting):
    """Forbid new pods on a node, or allow them again."""

    target: Target
    forbids: bool

    def start(self, session: Session, mark: str) -> Job:  # noqa: ARG002 as in JobSystem
        found = cordoned(session, self.target, forbids=self.forbids)
        status = "cordoned" if self.forbids else "schedulable"
        return Job(self.target.shown, session.api.url + self.target.path, status, True, detail=found)

    def look(self, session: Session, job: Job) -> Job:  # noqa: ARG002 as in JobSystem
        return job


def cordoned(session: Session, target: Target, *, forbids: bool) -> Json:
    """Return the node after the change."""
    body: dict[str, Json] = {"spec": {"unschedulable": forbids}}
    return session.change("PATCH", target.path, body, kind=MERGE).json


@dataclass(frozen=True)
class Drain(Acting):
    """Cordon a node, and evict its pods. What a budget refuses is asked for again at the next look.

    `force`: pods that nothing recreates, too. `empties`: pods that keep data in an emptyDir, too.
    """

    target: Target
    force: bool
    empties: bool

    def start(self, session: Session, mark: str) -> Job:  # noqa: ARG002 as in JobSystem
        pods = self._pods(session)
        if why := self._why_not(pods):
            raise Useless(f"{why} Nothing was changed.")
        cordoned(session, self.target, forbids=True)
        return self._job(session, f"cordoned, {len(pods)} pods to evict", None if pods else True)

    def look(self, session: Session, job: Job) -> Job:  # noqa: ARG002 as in JobSystem
        """Evict what is left. An eviction names the pod's UID, so that repeating it evicts nothing else."""
        pods = self._pods(session)
        if why := self._why_not(pods):
            return self._job(session, why, False)
        held = sum(not _evicted(session, pod) for pod in pods if self._is_due(session, pod))
        status = f"{len(pods)} pods left" + (f", {held} held by a disruption budget" if held else "")
        return self._job(session, status if pods else "drained", None if pods else True)

    def _pods(self, session: Session) -> list[Mapping[str, Json]]:
        """Return the pods to evict: not those of a DaemonSet or of the node itself, which would be back at once."""
        found = listed(session, "/api/v1/pods", {"fieldSelector": f"spec.nodeName={self.target.name}"})
        return [pod for pod in found if not _stays(pod)]

    def _why_not(self, pods: list[Mapping[str, Json]]) -> str:
        """Return why these pods may not be evicted; empty if they may."""
        for pod in pods:
            if word(mapping(pod, "status"), "phase") in OVER:
                continue
            if not self.force and not _owner(pod):
                return (
                    f"{_named(pod)} has no controller, so nothing would recreate it (force: true evicts it)."
                )
            if not self.empties and any(
                "emptyDir" in volume for volume in items(mapping(pod, "spec").get("volumes"))
            ):
                return (
                    f"{_named(pod)} has an emptyDir, whose data would be lost (delete_emptydir_data: true)."
                )
        return ""

    def _is_due(self, session: Session, pod: Mapping[str, Json]) -> bool:
        is_ending = bool(mapping(pod, "metadata").get("deletionTimestamp"))
        return not is_ending and not session.stop.is_set() and session.deadline.left() > SHORT

    def _job(self, session: Session, status: str, is_well: bool | None) -> Job:
        return Job(self.target.shown, session.api.url + self.target.path, status, is_well)


def _evicted(session: Session, pod: Mapping[str, Json]) -> bool:
    """Ask for the eviction. Returns False if a budget does not allow it now. Raises as `change` does."""
    metadata = mapping(pod, "metadata")
    name, namespace = word(metadata, "name"), word(metadata, "namespace")
    body: dict[str, Json] = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace},
        "deleteOptions": {"preconditions": {"uid": uid_of(dict(pod))}},
    }
    response = session.send("POST", f"/api/v1/namespaces/{namespace}/pods/{name}/eviction", body=body)
    if response.status in TOO_MANY:
        return False
    if response.status not in (NOT_FOUND, CONFLICT):  # it is gone, or another one has its name
        session.checked(response)
    return True


def _stays(pod: Mapping[str, Json]) -> bool:
    annotations = mapping(pod, "metadata", "annotations")
    return MIRROR in annotations or _owner(pod) == "DaemonSet"


def _owner(pod: Mapping[str, Json]) -> str:
    """Return the kind of the pod's controller; empty if it has none."""
    owners = items(mapping(pod, "metadata").get("ownerReferences"))
    return next((word(owner, "kind") for owner in owners if owner.get("controller") is True), "")


def _named(pod: Mapping[str, Json]) -> str:
    metadata = mapping(pod, "metadata")
    return f"The pod {word(metadata, 'namespace')}/{word(metadata, 'name')}"
