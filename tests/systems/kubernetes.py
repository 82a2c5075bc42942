"""An API server of Kubernetes, played from its documentation: objects are read, listed in pages, watched, patched and
deleted, with resource versions, generations and preconditions; scale, eviction and log of pods are subresources.

https://kubernetes.io/docs/reference/using-api/api-concepts/ (lists, watches, patches, resource versions)
https://kubernetes.io/docs/reference/kubernetes-api/ (the objects)
https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/ (201, 429, 500)
https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api

`settle` plays the controllers. kubectl, which others wrote, works against it: tests/integration/core/systems/
test_kubectl.py. No real cluster was there.
"""

import json
import re
import time
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.systems.kubernetes_api import KINDS, Object, discovery, json_patched, merged, selects, status
from tests.systems.play import Answer, Call, Play

NODES, PODS = "/api/v1/nodes", "/api/v1/namespaces/shop/pods"
DEPLOYMENTS, SETS = "/apis/apps/v1/namespaces/shop/deployments", "/apis/apps/v1/namespaces/shop/replicasets"
JOBS, CRON_JOBS = "/apis/batch/v1/namespaces/shop/jobs", "/apis/batch/v1/namespaces/shop/cronjobs"
REVISION = "deployment.kubernetes.io/revision"
WATCH_SECONDS = 1.0
OBJECT = re.compile(
    r"(/api/v1|/apis/[a-z]+/v1)(?:/namespaces/([a-z0-9-]+))?/([a-z]+)(?:/([a-z0-9.-]+))?(?:/([a-z]+))?"
)


@dataclass
class Kubernetes(Play):
    """`objects`: by path. `budget`: how many more evictions the disruption budgets allow. `logs`: of every pod.
    `events`: every change, for watches. `token`: what calls must bear, unless they have a client certificate.
    `ends_at_once`: a pod that is deleted is gone at once, as after a short time elsewhere.
    """

    objects: dict[str, Object] = field(default_factory=dict)
    budget: int = 100
    logs: str = "done\n"
    token: str = ""
    version: int = 100
    events: list[tuple[int, str, str, Object]] = field(default_factory=list)
    evicted: list[str] = field(default_factory=list)
    ends_at_once: bool = False

    def answer(self, call: Call) -> Answer:
        if self.token and call.headers.get("authorization") != f"Bearer {self.token}":
            return status(401, "Unauthorized", "Unauthorized")
        if discovered := discovery(call.path):
            return Answer(200, discovered)
        found = OBJECT.fullmatch(call.path)
        if found is None or found[3] not in KINDS:
            return status(404, "NotFound", "the server could not find the requested resource")
        place, name, sub = call.path, found[4], found[5]
        if name is None:
            return (
                self._create(place, call) if call.method == "POST" else self._list(call, found[3], found[2])
            )
        path = place.removesuffix(f"/{sub}") if sub else place
        if path not in self.objects:
            return status(404, "NotFound", f'{found[3]} "{name}" not found')
        return self._sub(path, sub, call) if sub else self._object(path, call)

    # One object ------------------------------------------------------------------------------------

    def _object(self, path: str, call: Call) -> Answer:
        match call.method:
            case "PATCH":
                return self._patch(path, call)
            case "PUT":
                self.put(path, call.json)
            case "DELETE":
                return self._delete(path, (call.json or {}).get("preconditions", {}))
        return Answer(200, self.objects[path])

    def _patch(self, path: str, call: Call) -> Answer:
        before = self.objects[path]
        if call.headers["content-type"] == "application/json-patch+json":
            after = json_patched(before, call.json)
            if after is None:
                return status(
                    422, "Invalid", "the server rejected our request due to an error in our request"
                )
        else:
            after = merged(before, call.json)
        for name in ("uid", "resourceVersion"):
            if after["metadata"][name] != before["metadata"][name]:
                return status(409, "Conflict", f"Precondition failed: {name}")
        self.put(path, after)
        return Answer(200, self.objects[path])

    def _delete(self, path: str, preconditions: dict[str, str]) -> Answer:
        found = self.objects[path]
        if preconditions.get("uid", found["metadata"]["uid"]) != found["metadata"]["uid"]:
            return status(409, "Conflict", "Precondition failed: UID in precondition")
        if "/pods/" in path and not self.ends_at_once:  # its kubelet ends it first
            found["metadata"].setdefault("deletionTimestamp", "2024-01-01T00:00:00Z")
            self.put(path, found)
        else:
            self.remove(path)
        return Answer(200, found)

    def _sub(self, path: str, sub: str, call: Call) -> Answer:
        if sub == "log":
            lines = self.logs.splitlines(keepends=True)[-int(call.query.get("tailLines", "1000000")) :]
            text = "".join(lines)[: int(call.query.get("limitBytes", "1000000"))]
            return Answer(200, text.encode(), {"Content-Type": "text/plain"})
        if sub == "eviction":
            return self._evict(path, call.json)
        if sub == "scale":
            return self._scale(path, call)
        return status(404, "NotFound", "the server could not find the requested resource")

    def _scale(self, path: str, call: Call) -> Answer:
        if call.method != "GET":
            changed = deepcopy(self.objects[path])
            changed["spec"]["replicas"] = call.json["spec"]["replicas"]
            self.put(path, changed)
        found = self.objects[path]
        names = ("name", "namespace", "uid", "resourceVersion")
        scale = {
            "kind": "Scale",
            "apiVersion": "autoscaling/v1",
            "metadata": {name: found["metadata"][name] for name in names},
            "spec": {"replicas": found["spec"]["replicas"]},
            "status": {"replicas": found["status"].get("replicas", 0), "selector": "app=orders"},
        }
        return Answer(200, scale)

    def _evict(self, path: str, body: Object) -> Answer:
        if self.budget <= 0:
            said = "Cannot evict pod as it would violate the pod's disruption budget."
            return status(429, "TooManyRequests", said)
        answer = self._delete(path, body.get("deleteOptions", {}).get("preconditions", {}))
        if answer.status == 200:
            self.budget -= 1
            self.evicted.append(path.rpartition("/")[2])
            return status(201, "", "", "Success")
        return answer

    def _create(self, place: str, call: Call) -> Answer:
        path = f"{place}/{call.json['metadata']['name']}"
        if path in self.objects:
            return status(409, "AlreadyExists", "already exists")
        self.put(path, call.json)
        return Answer(201, self.objects[path])

    # Lists and watches ------------------------------------------------------------------------------

    def _list(self, call: Call, plural: str, namespace: str | None) -> Answer:
        def is_wanted(path: str, each: Object) -> bool:
            is_there = f"/{plural}/" in path and namespace in (None, each["metadata"].get("namespace"))
            return is_there and selects(call.query, each)

        if call.query.get("watch") in ("1", "true"):
            return self._watch(int(call.query.get("resourceVersion") or 0), is_wanted)
        found = [each for path, each in sorted(self.objects.items()) if is_wanted(path, each)]
        start, limit = int(call.query.get("continue") or 0), int(call.query.get("limit") or 1_000)
        metadata = {"resourceVersion": str(self.version)}
        if len(found) > start + limit:
            metadata["continue"] = str(start + limit)
        kind, version, _ = KINDS[plural]
        listed = found[start : start + limit]
        return Answer(
            200, {"kind": f"{kind}List", "apiVersion": version, "metadata": metadata, "items": listed}
        )

    def _watch(self, since: int, is_wanted: Any) -> Answer:
        """The events after a version, or none within a second: clients then watch again."""
        ends = time.monotonic() + WATCH_SECONDS
        while True:
            events = [
                {"type": kind, "object": each}
                for version, kind, path, each in list(self.events)
                if version > since and is_wanted(path, each)
            ]
            if events or time.monotonic() > ends:
                return Answer(200, "".join(json.dumps(event) + "\n" for event in events).encode())
            time.sleep(0.05)

    # What happens in the cluster ----------------------------------------------------------------------

    def put(self, path: str, given: Object) -> Object:
        """Store an object as the API server does."""
        before, after = self.objects.get(path), deepcopy(given)
        found = OBJECT.fullmatch(path)
        assert found is not None
        kind, version, _ = KINDS[found[3]]
        self.version += 1
        metadata = after.setdefault("metadata", {})
        metadata |= {"name": found[4], "resourceVersion": str(self.version)}
        metadata.setdefault("uid", str(uuid4()))
        metadata.setdefault("creationTimestamp", "2024-01-01T00:00:00Z")
        if found[2]:
            metadata["namespace"] = found[2]
        generation = before["metadata"]["generation"] if before else 0
        metadata["generation"] = generation + (before is None or before["spec"] != after["spec"])
        after |= {"kind": kind, "apiVersion": version, "status": after.get("status", {})}
        self.objects[path] = after
        self.events.append((self.version, "MODIFIED" if before else "ADDED", path, deepcopy(after)))
        return after

    def remove(self, path: str) -> None:
        self.version += 1
        gone = self.objects.pop(path)
        self.events.append((self.version, "DELETED", path, gone))

    def deploy(self, name: str = "orders", image: str = "orders:1", replicas: int = 3) -> str:
        """A deployment, rolled out. Returns its path."""
        path = f"{DEPLOYMENTS}/{name}"
        labels = {"app": name}
        template = {
            "metadata": {"labels": labels},
            "spec": {"containers": [{"name": "main", "image": image}]},
        }
        spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
        before = self.objects.get(path)
        self.put(path, {**(before or {"metadata": {}}), "spec": spec})
        self.settle()
        return path

    def pod(self, name: str, *, owner: str = "ReplicaSet", node: str = "node-1", **spec: Any) -> str:
        """A pod that runs on a node. Returns its path."""
        path = f"{PODS}/{name}"
        owners = [{"kind": owner, "name": "x", "uid": "u", "apiVersion": "apps/v1", "controller": True}]
        metadata = {"ownerReferences": owners if owner else []}
        self.put(
            path, {"metadata": metadata, "spec": {"nodeName": node, **spec}, "status": {"phase": "Running"}}
        )
        return path

    def settle(self) -> None:
        """The controllers do their work: rollouts complete, jobs end well, deleted pods are gone."""
        for path, found in list(self.objects.items()):
            if path.startswith(DEPLOYMENTS):
                self._roll_out(path, found)
            elif path.startswith(JOBS):
                self.end_job(path)
            elif found["metadata"].get("deletionTimestamp"):
                self.remove(path)

    def end_job(self, path: str, *, well: bool = True) -> None:
        found = deepcopy(self.objects[path])
        reason = "" if well else "BackoffLimitExceeded"
        found["status"] = {
            "conditions": [{"type": "Complete" if well else "Failed", "status": "True", "reason": reason}]
        }
        self.put(path, found)
        name = found["metadata"]["name"]
        pod = {"metadata": {"labels": {"job-name": name}}, "spec": {}, "status": {"phase": "Succeeded"}}
        self.put(f"{PODS}/{name}-abcde", pod)

    def _roll_out(self, path: str, found: Object) -> None:
        changed = deepcopy(found)
        revision = self._revision_of(path, changed)
        changed["metadata"].setdefault("annotations", {})[REVISION] = str(revision)
        count = changed["spec"]["replicas"]
        fields = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
        changed["status"] = {
            "observedGeneration": changed["metadata"]["generation"],
            **dict.fromkeys(fields, count),
        }
        self.put(path, changed)

    def _revision_of(self, path: str, found: Object) -> int:
        """The revision of the deployment's template: that of its replica set, which is made if there is none."""
        name, uid = found["metadata"]["name"], found["metadata"]["uid"]
        sets = {each: self.objects[each] for each in self.objects if each.startswith(f"{SETS}/{name}-")}
        revisions = [int(each["metadata"]["annotations"][REVISION]) for each in sets.values()]
        newest, template = max(revisions, default=0), deepcopy(found["spec"]["template"])
        for each, kept in sets.items():
            labels = dict(kept["spec"]["template"]["metadata"]["labels"])
            labels.pop("pod-template-hash")
            kept_template = merged(kept["spec"]["template"], {"metadata": {"labels": None}})
            kept_template["metadata"]["labels"] = labels
            if kept_template == template:
                revision = int(kept["metadata"]["annotations"][REVISION])
                if revision < newest:
                    kept["metadata"]["annotations"][REVISION] = str(newest + 1)
                    self.put(each, kept)
                    return newest + 1
                return revision
        template["metadata"]["labels"]["pod-template-hash"] = f"h{newest + 1}"
        owner = {"kind": "Deployment", "apiVersion": "apps/v1", "name": name, "uid": uid, "controller": True}
        labels = template["metadata"]["labels"]
        metadata = {"annotations": {REVISION: str(newest + 1)}, "labels": labels, "ownerReferences": [owner]}
        spec = {"replicas": 0, "selector": {"matchLabels": labels}, "template": template}
        self.put(f"{SETS}/{name}-h{newest + 1}", {"metadata": metadata, "spec": spec})
        return newest + 1
