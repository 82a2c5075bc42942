"""Restart, undo, scale and follow a deployment, statefulset or daemonset.

Sources: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/deployment-v1/,
https://kubernetes.io/docs/concepts/workloads/controllers/deployment/#rolling-back-a-deployment
"""

from collections.abc import Mapping
from dataclasses import dataclass

from core.effects.job_values import Job
from core.effects.kubernetes.objects import (
    MERGE,
    PATCH,
    Acting,
    Target,
    items,
    listed,
    mapping,
    number,
    uid_of,
    word,
)
from core.effects.kubernetes.rollouts import rollout_of
from core.effects.remote import Session, Useless
from core.values.execution import Json

RESTARTED, UNDONE = "runbook/restarted-by", "runbook/undone-by"
REVISION, HASH = "deployment.kubernetes.io/revision", "pod-template-hash"


@dataclass(frozen=True)
class Status(Acting):
    """Follow a rollout, and change nothing. `waits`: whether its end is waited for."""

    target: Target
    waits: bool = True

    def start(self, session: Session, mark: str) -> Job:  # noqa: ARG002 as in JobSystem
        return self.seen(session, session.get_first(self.target.path))

    def look(self, session: Session, job: Job) -> Job:
        found = session.get(self.target.path)
        if uid_of(found) != job.where:
            return self._job(session, found, "replaced by another object of its name", is_well=False)
        return self.seen(session, found)

    def seen(self, session: Session, found: Json) -> Job:
        """Return the rollout as the object shows it."""
        rollout = rollout_of(self.target.kind, found)
        return self._job(session, found, rollout.status, is_well=rollout.is_well)

    def changed(self, session: Session, found: Json) -> Job:
        """Return what a change has come to, which is enough unless its end is waited for."""
        return (
            self.seen(session, found) if self.waits else self._job(session, found, "accepted", is_well=True)
        )

    def _job(self, session: Session, found: Json, status: str, *, is_well: bool | None) -> Job:
        url, uid = session.api.url + self.target.path, uid_of(found)
        return Job(self.target.shown, url, status, is_well, where=uid, detail=found)


@dataclass(frozen=True)
class Restart(Status):
    """Replace the pods one after the other: an annotation of their template gets the mark."""

    def start(self, session: Session, mark: str) -> Job:
        found = session.get_first(self.target.path)
        _refuse_paused(found)
        annotations = mapping(found, "spec", "template", "metadata", "annotations")
        if annotations.get(RESTARTED) == mark:
            return self.changed(session, found)
        metadata: dict[str, Json] = {"uid": uid_of(found)}  # a precondition: the same object
        template: dict[str, Json] = {"metadata": {"annotations": {RESTARTED: mark}}}
        body: dict[str, Json] = {"metadata": metadata, "spec": {"template": template}}
        return self.changed(session, session.change("PATCH", self.target.path, body, kind=MERGE).json)


@dataclass(frozen=True)
class Scale(Status):
    """Set the number of replicas."""

    replicas: int = 0

    def start(self, session: Session, mark: str) -> Job:  # noqa: ARG002 as in JobSystem
        body: dict[str, Json] = {"spec": {"replicas": self.replicas}}
        session.change("PATCH", f"{self.target.path}/scale", body, kind=MERGE)
        return self.changed(session, session.get(self.target.path))

    def seen(self, session: Session, found: Json) -> Job:
        wanted = number(mapping(found, "spec"), "replicas", 1)
        if wanted != self.replicas:
            said = f"scaled to {wanted} by somebody else"
            return self._job(session, found, said, is_well=False)
        there = number(mapping(found, "status"), "replicas")
        rollout = rollout_of(self.target.kind, found)
        if rollout.is_well and there != wanted:
            return self._job(session, found, f"{there} replicas, {wanted} wanted", is_well=None)
        return self._job(session, found, rollout.status, is_well=rollout.is_well)


@dataclass(frozen=True)
class Undo(Status):
    """Give a deployment the template of an earlier revision; without `revision`, of the one before the current."""

    revision: int | None = None

    def start(self, session: Session, mark: str) -> Job:
        found = session.get_first(self.target.path)
        _refuse_paused(found)
        annotations = mapping(found, "metadata", "annotations")
        if annotations.get(UNDONE) == mark:
            return self.changed(session, found)
        template = self._template(session, found)
        metadata = mapping(found, "metadata")
        changes: list[Json] = [
            {"op": "test", "path": "/metadata/resourceVersion", "value": word(metadata, "resourceVersion")},
            {"op": "replace", "path": "/spec/template", "value": template},
            _annotated(annotations, mark),
        ]
        return self.changed(session, session.change("PATCH", self.target.path, changes, kind=PATCH).json)

    def _template(self, session: Session, found: Json) -> Json:
        """Return the earlier template, exactly. Raises Useless if there is none, or if it is the current one."""
        revisions = self._revisions(session, found)
        current = _revision(mapping(found, "metadata"))
        wanted = self.revision or max((each for each in revisions if each < current), default=0)
        if wanted not in revisions or wanted == current:
            kept = ", ".join(map(str, sorted(revisions))) or "none"
            raise Useless(f"There is no earlier revision {wanted or ''} to return to; kept are: {kept}.")
        kept_set = session.get_exact(
            f"{self.target.place.replace('/deployments', '/replicasets')}/{revisions[wanted]}"
        )
        template = dict(mapping(kept_set, "spec", "template"))
        metadata = dict(mapping(template, "metadata"))
        labels = {name: value for name, value in mapping(metadata, "labels").items() if name != HASH}
        return {**template, "metadata": {**metadata, "labels": labels}}

    def _revisions(self, session: Session, found: Json) -> dict[int, str]:
        """Return the names of the deployment's replica sets by revision."""
        uid, place = uid_of(found), self.target.place.replace("/deployments", "/replicasets")
        selector = mapping(found, "spec", "selector", "matchLabels")
        query: dict[str, Json] = {
            "labelSelector": ",".join(f"{name}={value}" for name, value in selector.items())
        }
        return {
            _revision(mapping(each, "metadata")): word(mapping(each, "metadata"), "name")
            for each in listed(session, place, query)
            if any(
                owner.get("uid") == uid for owner in items(mapping(each, "metadata").get("ownerReferences"))
            )
        }


def _annotated(annotations: Mapping[str, Json], mark: str) -> Json:
    """Return the change of a JSON patch (RFC 6902) that sets the mark."""
    if not annotations:
        return {"op": "add", "path": "/metadata/annotations", "value": {UNDONE: mark}}
    return {"op": "add", "path": f"/metadata/annotations/{UNDONE.replace('/', '~1')}", "value": mark}


def _revision(metadata: Mapping[str, Json]) -> int:
    text = word(mapping(metadata.get("annotations")), REVISION)
    return int(text) if text.isascii() and text.isdigit() else 0


def _refuse_paused(found: Json) -> None:
    if mapping(found, "spec").get("paused") is True:
        raise Useless("The deployment is paused, so nothing would be rolled out. Nothing was changed.")
