"""What a schedule opens: the incident of planned work, for each occurrence."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from core.definitions.durations import Duration
from core.definitions.fields import Definition, Name, PublicText, SlackChannel
from core.statuses import Severity

LONGEST_CATCH_UP = timedelta(days=1)
LONGEST_TITLE = 250
LabelName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
LabelValue = Annotated[str, StringConstraints(max_length=1000)]


def _check_catch_up(value: timedelta) -> timedelta:
    if value > LONGEST_CATCH_UP:
        raise PydanticCustomError("too_long_ago", "catch_up may be at most 24h.")
    return value


CatchUp = Annotated[Duration, AfterValidator(_check_catch_up)]


class ScheduledIncident(Definition):
    """The incident that a schedule opens for each occurrence. Its kind is `maintenance`."""

    title: Annotated[PublicText, Field(min_length=1, max_length=2000)]
    """What is done, in one line. Templates may use `event`."""
    description: Annotated[PublicText, Field(max_length=10_000)] = ""
    """Further details. Templates may use `event`."""
    team: Name | None = None
    """The team that it belongs to. A global workflow must name one; otherwise it is the workflow's team."""
    severity: Severity = Severity.INFO
    """How bad it is."""
    service: Annotated[str, StringConstraints(min_length=1, max_length=250)] | None = None
    """The affected service."""
    labels: Annotated[dict[LabelName, LabelValue], Field(max_length=100)] = {}
    """Free key-value pairs, which actions can read."""
    slack_channel: SlackChannel | None = None
    """The id of its Slack channel, C…. Without it, each occurrence gets a channel of its own."""
