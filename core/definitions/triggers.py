"""What starts a workflow: one class a trigger, chosen by `on`."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from core.definitions.fields import Definition


class TriggerDefinition(Definition):
    """What every trigger says. `event_members`: what `event` in the workflow's condition tells about it."""

    event_members: ClassVar[frozenset[str]] = frozenset()


class IncidentCreated(TriggerDefinition):
    """An incident was opened."""

    on: Literal["incident.created"]
    """What happens."""


class Manual(TriggerDefinition):
    """Somebody asked for it."""

    on: Literal["manual"]
    """What happens."""


# A new trigger is a class above and its name here.
Trigger = Annotated[IncidentCreated | Manual, Field(discriminator="on")]
