"""Delete a pod, and run a job.

Sources: https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/,
https://kubernetes.io/docs/concepts/workloads/controllers/job/
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from core.effects.job_values import Job, is_in_doubt
from core.effects.kubernetes.objects import Acting, Target, items, mapping, uid_of, word
from core.effects.remote import Refused, Session, Unknowable, Useless
from core.values.execution import Json

STEP = "runbook/step"
NOT_FOUND, CONFLICT = 404, 409
LOG_LINES, LOG_BYTES, MOST_PODS = 200, 16_384, 3
RANDOM_NAMES = ("ReplicaSet", "DaemonSet", "Job")  # whose pods never get the name of an earlier one


@dataclass(frozen=True)
class DeletePod(Acting):
    """Delete one pod, the one that has the name now, and no later one: its UID is a precondition."""

    target: Target
    uid: str | None = None

    def start(self, session: Session, mark: str) -> Job:
        response = session.send("GET", self.target.path)
        if response.status == NOT_FOUND and (self.uid or is_in_doubt(session.context, mark)):
            return self._job(session, self.uid or "", "gone", is_over=True)
        pod = session.json_of(session.checked(response))
        uid = uid_of(pod)
        if self.uid not in (None, uid):
            return self._job(session, self.uid or "", "gone", is_over=True)
        if mapping(pod, "metadata").get("deletionTimestamp"):
            return self._job(session, uid, "ending")
        if self.uid is None and is_in_doubt(session.context, mark) and not _is_named_at_random(pod):
            raise Unknowable(
                f"{self.target.shown} is there, and may be the successor of the one that was to be deleted."
            )
        return self._deleted(session, uid)

    def look(self, session: Session, job: Job) -> Job:
        response = session.send("GET", self.target.path)
        uid = str(job.where)
        if response.status == NOT_FOUND:
            return self._job(session, uid, "gone", is_over=True)
        is_another = uid_of(session.json_of(session.checked(response))) != uid
        return self._job(session, uid, "gone" if is_another else "ending", is_over=is_another)

    def _deleted(self, session: Session, uid: str) -> Job:
        body: dict[str, Json] = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": {"uid": uid}}
        response = session.send("DELETE", self.target.path, body=body)
        if response.status in (NOT_FOUND, CONFLICT):
            return self._job(session, uid, "gone", is_over=True)
        session.checked(response)
        return self._job(session, uid, "ending")

    def _job(self, session: Session, uid: str, status: str, *, is_over: bool = False) -> Job:
        url = session.api.url + self.target.path
        return Job(self.target.shown, url, status, True if is_over else None, where=uid, results={"uid": uid})


def _is_named_at_random(pod: Json) -> bool:
    owners = items(mapping(pod, "metadata").get("ownerReferences"))
    return any(owner.get("controller") is True and owner.get("kind") in RANDOM_NAMES for owner in owners)


@dataclass(frozen=True)
class RunJob(Acting):
    """Create a job under a name made of the mark, and follow it. `spec`: None for that of the cron job `target`."""

    target: Target
    spec: Mapping[str, Json] | None

    def start(self, session: Session, mark: str) -> Job:
        job = self._named(mark)
        if session.context.maybe_done:  # long ago perhaps, and its name may be free again
            return self._restored(session, job)
        response = session.send("POST", job.place, body=self._body(session, job, mark))
        if response.status != CONFLICT:
            found = session.json_of(session.checked(response))
            return self._job(session, job.name, found)
        found = session.get(job.path)
        if mapping(found, "metadata", "annotations").get(STEP) != mark:
            raise Refused(f"There is a job {job.name} of somebody else. Nothing was created.")
        return self._job(session, job.name, found)

    def look(self, session: Session, job: Job) -> Job:
        found = session.get(self._at(job.id).path)
        if uid_of(found) != job.where:
            raise Refused("The job was deleted, and another one has its name.")
        return self._job(session, job.id, found)

    def cancel(self, session: Session, job: Job) -> None:
        """Delete the job, and its pods with it."""
        body: dict[str, Json] = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": job.where},
        }
        session.change("DELETE", self._at(job.id).path, body)

    def _restored(self, session: Session, job: Target) -> Job:
        response = session.send("GET", job.path)
        if response.status == NOT_FOUND:
            raise Unknowable(
                f"The job {job.name} is not there: it was never created, or it was deleted since."
            )
        return self._job(session, job.name, session.json_of(session.checked(response)))

    def _named(self, mark: str) -> Target:
        digest = hashlib.sha256(mark.encode()).hexdigest()[:10]
        return self._at(f"{self.target.name[:50].rstrip('-.')}-{digest}")

    def _at(self, name: str) -> Target:
        return Target("job", name, self.target.namespace)

    def _body(self, session: Session, job: Target, mark: str) -> Json:
        spec = self.spec
        if spec is None:
            cron = session.get_exact(self.target.path)
            spec = prepared_spec(mapping(cron, "spec", "jobTemplate", "spec"))
        metadata: dict[str, Json] = {"name": job.name, "annotations": {STEP: mark}}
        return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": dict(spec)}

    def _job(self, session: Session, name: str, found: Json) -> Job:
        kinds = {
            word(each, "type"): each
            for each in items(mapping(found, "status").get("conditions"))
            if each.get("status") == "True"
        }
        succeeded = True if "Complete" in kinds else False if "Failed" in kinds else None
        reason = word(kinds.get("Failed", {}), "reason")
        status = "running" if succeeded is None else "complete" if succeeded else f"failed ({reason})"
        results: dict[str, Json] = {} if succeeded is None else {"logs": self._logs(session, name)}
        url = session.api.url + self._at(name).path
        return Job(name, url, status, succeeded, uid_of(found), {**mapping(found), **results}, results)

    def _logs(self, session: Session, name: str) -> Json:
        """Return the end of the log of each of the newest pods, by pod. A log that cannot be read is no failure."""
        place = Target("pod", "", self.target.namespace).place
        answer = session.get(place, labelSelector=f"job-name={name}", limit=MOST_PODS)
        names = [word(mapping(pod, "metadata"), "name") for pod in items(mapping(answer).get("items"))]
        return {each: self._log(session, f"{place}/{quote(each)}/log") for each in names}

    def _log(self, session: Session, path: str) -> str:
        response = session.send("GET", path, query={"tailLines": LOG_LINES, "limitBytes": LOG_BYTES})
        return response.text[-LOG_BYTES:] if response.status < 300 else f"(not readable: {response.status})"


def prepared_spec(spec: Mapping[str, Json]) -> dict[str, Json]:
    """Return the job's spec with what a step needs: nothing is run a second time unless it says so. Raises Useless."""
    template = dict(mapping(spec.get("template")))
    pod = dict(mapping(template.get("spec")))
    if not pod.get("containers"):
        raise Useless("The spec of the job has no template.spec.containers.")
    kept = spec.get("ttlSecondsAfterFinished")
    if isinstance(kept, int) and kept < 3600:
        raise Useless(
            "ttlSecondsAfterFinished is less than an hour: the job could be deleted before its end is seen.",
        )
    pod.setdefault("restartPolicy", "Never")
    return {"backoffLimit": 0, **spec, "template": {**template, "spec": pod}}
