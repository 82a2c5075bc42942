"""What starts a workflow: one class a trigger, chosen by `on`."""

from typing import Annotated, Literal

from pydantic import Field

from core.definitions.fields import Definition


class IncidentCreated(Definition):
    """An incident was opened."""

    on: Literal["incident.created"]


class Manual(Definition):
    """Somebody asked for it."""

    on: Literal["manual"]


# A new trigger is a class above and its name here.
Trigger = Annotated[IncidentCreated | Manual, Field(discriminator="on")]
