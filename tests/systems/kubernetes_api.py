"""Rules of Kubernetes' API that hold for all objects: patches, selectors, discovery, and the answer of a refusal.

https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from copy import deepcopy
from typing import Any

from tests.systems.play import Answer

Object = dict[str, Any]
KINDS = {
    "nodes": ("Node", "v1", "no"),
    "pods": ("Pod", "v1", "po"),
    "deployments": ("Deployment", "apps/v1", "deploy"),
    "replicasets": ("ReplicaSet", "apps/v1", "rs"),
    "statefulsets": ("StatefulSet", "apps/v1", "sts"),
    "daemonsets": ("DaemonSet", "apps/v1", "ds"),
    "jobs": ("Job", "batch/v1", ""),
    "cronjobs": ("CronJob", "batch/v1", "cj"),
}


def status(code: int, reason: str, message: str, what: str = "Failure") -> Answer:
    body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": what}
    return Answer(code, {**body, "message": message, "reason": reason, "code": code})


def merged(before: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7396). A strategic one does the same to mappings; lists are replaced here."""
    if not isinstance(patch, dict):
        return patch
    result = dict(before) if isinstance(before, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def json_patched(before: Object, changes: list[Object]) -> Object | None:
    """A JSON patch (RFC 6902) with test, add and replace in mappings; None if a test fails."""
    after = deepcopy(before)
    for change in changes:
        *parents, last = [
            part.replace("~1", "/").replace("~0", "~") for part in change["path"].split("/")[1:]
        ]
        at = after
        for part in parents:
            at = at[part]
        if change["op"] == "test" and at.get(last) != change["value"]:
            return None
        if change["op"] in ("add", "replace"):
            at[last] = change["value"]
    return after


def selects(query: Any, each: Object) -> bool:
    """Whether the selectors of a list select the object: `a=b,c=d`."""
    fields = {"metadata.name": each["metadata"]["name"], "spec.nodeName": each["spec"].get("nodeName", "")}
    labels = each["metadata"].get("labels", {})
    for selector, values in (("fieldSelector", fields), ("labelSelector", labels)):
        for pair in filter(None, query.get(selector, "").split(",")):
            name, _, value = pair.partition("=")
            if values.get(name) != value.lstrip("="):
                return False
    return True


def discovery(path: str) -> Object | None:
    """What the API server has: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api"""
    if path == "/version":
        return {"major": "1", "minor": "30", "gitVersion": "v1.30.0"}
    if path == "/api":
        return {"kind": "APIVersions", "versions": ["v1"]}
    if path == "/apis":
        groups = [_group(name) for name in ("apps", "batch", "policy")]
        return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
    version = path.removeprefix("/apis/").removeprefix("/api/")
    if version not in ("v1", "apps/v1", "batch/v1", "policy/v1"):
        return None
    resources = [
        _resource(plural, kind, short) for plural, (kind, of, short) in KINDS.items() if of == version
    ]
    if version == "v1":
        resources.append(
            {
                "name": "pods/eviction",
                "namespaced": True,
                "group": "policy",
                "version": "v1",
                "kind": "Eviction",
                "verbs": ["create"],
            }
        )
    if version == "apps/v1":
        scale = {"namespaced": True, "group": "autoscaling", "version": "v1", "kind": "Scale"}
        verbs = ["get", "patch", "update"]
        resources += [
            {"name": f"{each}/scale", **scale, "verbs": verbs} for each in ("deployments", "statefulsets")
        ]
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}


def _group(name: str) -> Object:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


def _resource(plural: str, kind: str, short: str) -> Object:
    verbs = ["create", "delete", "get", "list", "patch", "update", "watch"]
    shorts = {"shortNames": [short]} if short else {}
    singular = kind.lower()
    return {
        "name": plural,
        "singularName": singular,
        "namespaced": kind != "Node",
        "kind": kind,
        "verbs": verbs,
        **shorts,
    }
