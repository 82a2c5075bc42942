"""Links to what actions have created elsewhere for an incident, such as tickets."""

from dataclasses import dataclass

from core.statuses import Status
from core.values.execution import Execution, Json


@dataclass(frozen=True)
class Link:
    """A link to something that an action created elsewhere for the incident, such as a ticket."""

    name: str
    url: str

    def as_output(self) -> Json:
        """Return the link as it appears in an action's output."""
        return {"name": self.name, "url": self.url}


def new_links(before: Execution, after: Execution) -> list[Link]:
    """Return the links of the actions that have succeeded since `before`."""
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
