"""The action `runbook`: start a runbook for the workflow's incident."""

from typing import Literal

from core.actions.base import ActionDefinition
from core.definitions.fields import Name, TemplateJson


class RunbookAction(ActionDefinition):
    """Start the runbook of that name. The workflow goes on at once, unless `wait` is true."""

    type: Literal["runbook"]
    runbook: Name
    parameters: dict[str, TemplateJson] = {}
    wait: bool = False
