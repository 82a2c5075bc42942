"""Links: what an action made elsewhere for the incident, such as a ticket."""

from dataclasses import dataclass

from core.decisions.execution import Execution, Json
from core.statuses import Status


@dataclass(frozen=True)
class Link:
    name: str
    url: str

    def as_output(self) -> Json:
        """As the output of an action says it."""
        return {"name": self.name, "url": self.url}


def new_links(before: Execution, after: Execution) -> list[Link]:
    """The links of actions that have succeeded since `before`."""
    changed = zip(before.steps, after.steps, strict=True)
    outputs = [
        new.output for old, new in changed if old.status is not new.status and new.status is Status.SUCCEEDED
    ]
    return [link for output in outputs if (link := _link(output)) is not None]


def _link(output: Json) -> Link | None:
    link = output.get("link") if isinstance(output, dict) else None
    if not isinstance(link, dict) or not isinstance(link.get("url"), str):
        return None
    return Link(str(link.get("name") or link["url"]), str(link["url"]))
