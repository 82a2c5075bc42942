"""The field `for` of a runbook: the incidents that it is made for. It orders what is offered, and permits nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import Definition

MOST_SERVICES = 50
MOST_LABELS = 20
Text = Annotated[str, Field(min_length=1, max_length=200)]


class MadeFor(Definition):
    """The incidents that a runbook is made for: those of one of `services`, with all of `labels`.

    Such runbooks are offered first. Any other runbook that a person may run is still offered, after them.
    """

    services: Annotated[tuple[Text, ...], Field(max_length=MOST_SERVICES)] = ()
    """Services; the incident's must be one of them. Any service, if omitted."""
    labels: Annotated[dict[Text, Text], Field(max_length=MOST_LABELS)] = {}
    """Labels that the incident must have, with these values."""

    @model_validator(mode="after")
    def _refuse_nothing(self) -> Self:
        if not self.services and not self.labels:
            raise PydanticCustomError("made_for_nothing", "Name at least one service or one label.")
        return self


@dataclass(frozen=True, slots=True)
class Traits:
    """What an incident is matched by."""

    service: str | None
    labels: Mapping[str, object]


def is_made_for(written: object, incident: Traits) -> bool:
    """Return whether a runbook whose field `for` is `written`, as stored, is made for this incident."""
    if not isinstance(written, Mapping):
        return False
    services, labels = written.get("services") or (), written.get("labels") or {}
    if not services and not labels:
        return False
    is_of_service = not services or incident.service in services
    return is_of_service and all(incident.labels.get(name) == value for name, value in labels.items())
