"""Objects of Kubernetes: what a step names, where the API has it, and what is read from it.

Sources: https://kubernetes.io/docs/reference/using-api/api-concepts/,
https://kubernetes.io/docs/concepts/overview/working-with-objects/names/
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.effects.job_values import Candidate, Job
from core.effects.remote import Session, Unclear, Useless
from core.errors import InvalidInput
from core.values.execution import Json

MERGE, PATCH = "application/merge-patch+json", "application/json-patch+json"
NAME = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?")
LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
WORKLOADS = ("deployment", "statefulset", "daemonset")
PLACES = {
    "deployment": "/apis/apps/v1/namespaces/{}/deployments",
    "statefulset": "/apis/apps/v1/namespaces/{}/statefulsets",
    "daemonset": "/apis/apps/v1/namespaces/{}/daemonsets",
    "pod": "/api/v1/namespaces/{}/pods",
    "job": "/apis/batch/v1/namespaces/{}/jobs",
    "cronjob": "/apis/batch/v1/namespaces/{}/cronjobs",
    "node": "/api/v1/nodes",
}


@dataclass(frozen=True)
class Target:
    """An object: `kind` as kubectl calls it, in lower case."""

    kind: str
    name: str
    namespace: str

    @property
    def place(self) -> str:
        """The path of all objects of its kind."""
        return PLACES[self.kind].format(self.namespace)

    @property
    def path(self) -> str:
        return f"{self.place}/{self.name}"

    @property
    def shown(self) -> str:
        return f"{self.kind}/{self.name}"


def target_from(text: str, namespace: str, kinds: Sequence[str]) -> Target:
    """Return the target that `KIND/NAME` names. Raises InvalidInput."""
    kind, _, name = text.strip().partition("/")
    if kind not in kinds or not NAME.fullmatch(name) or ".." in name:
        raise InvalidInput(
            f"{text!r} is no target of this action.",
            hint=f"Write {' or '.join(f'{each}/NAME' for each in kinds)}.",
            field="target",
        )
    if not LABEL.fullmatch(namespace):
        raise InvalidInput(f"{namespace!r} is not the name of a namespace.", field="namespace")
    return Target(kind, name, namespace)


class Acting:
    """The part of a JobSystem that is the same for all actions. Each is repeated with the same mark, if in doubt."""

    is_idempotent = True

    def recent(self, session: Session) -> Sequence[Candidate]:  # noqa: ARG002 as in JobSystem
        return ()

    def cancel(self, session: Session, job: Job) -> None:
        """Do nothing: there is nothing that could be stopped."""


def mapping(value: "Json | Mapping[str, Json]", *path: str) -> Mapping[str, Json]:
    """Return the mapping at the path; an empty one if there is none."""
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def items(value: Json) -> list[Mapping[str, Json]]:
    """Return the mappings of a list."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def number(values: Mapping[str, Json], name: str, otherwise: int = 0) -> int:
    found = values.get(name)
    return found if isinstance(found, int) and not isinstance(found, bool) else otherwise


def word(values: Mapping[str, Json], name: str) -> str:
    found = values.get(name)
    return found if isinstance(found, str) else ""


def uid_of(found: Json) -> str:
    """Return the object's UID. Raises Unclear for what is no object."""
    uid = word(mapping(found, "metadata"), "uid")
    if not uid:
        raise Unclear("Kubernetes sent an object that cannot be read.")
    return uid


PAGE, MOST_PAGES = 20, 25


def listed(session: Session, place: str, query: Mapping[str, Json]) -> list[Mapping[str, Json]]:
    """Return the objects of a list, which is read in pages, since an answer is bounded. Raises as `get` does."""
    found: list[Mapping[str, Json]] = []
    more: dict[str, Json] = {}
    for _ in range(MOST_PAGES):
        answer = session.get(place, **query, limit=PAGE, **more)
        found += items(mapping(answer).get("items"))
        more = {"continue": word(mapping(answer, "metadata"), "continue")}
        if not more["continue"]:
            return found
    raise Useless(f"There are more than {PAGE * MOST_PAGES} objects at {place}. Nothing was changed.")
