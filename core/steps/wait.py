"""The step `wait`: let time pass."""

from typing import Literal

from pydantic import Field

from core.definitions.durations import PositiveDuration
from core.steps.base import StepDefinition


class WaitStep(StepDefinition):
    """Wait for a while; no worker is held meanwhile."""

    type: Literal["wait"]
    duration: PositiveDuration = Field(alias="for")
