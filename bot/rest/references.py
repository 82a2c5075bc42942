"""Ids and names in paths. A malformed one gets the same response as one that does not exist."""

import re
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator

from core.errors import NotFound

INCIDENT = re.compile(r"(?:(?:inc-|#)?[0-9]{1,9}|inc_[0-9a-z]{1,40})", re.IGNORECASE)
OTHER = re.compile(r"[^\0]{1,200}")  # PostgreSQL's texts hold no NUL


def _one_of(noun: str, pattern: re.Pattern[str]) -> AfterValidator:
    def check(reference: str) -> str:
        if not pattern.fullmatch(reference):
            raise NotFound(f"There is no {noun} {reference}.")
        return reference

    return AfterValidator(check)


IncidentName = Annotated[str, _one_of("incident", INCIDENT)]
IncidentReference = Annotated[
    IncidentName, Path(alias="id", description="The incident's id, or its number such as `inc-12`.")
]
RunbookReference = Annotated[
    str, Path(alias="id", description="The runbook's id or name."), _one_of("runbook", OTHER)
]
NestedRunbookReference = Annotated[
    str, Path(alias="runbook_id", description="The runbook's id or name."), _one_of("runbook", OTHER)
]
WorkflowReference = Annotated[
    str, Path(alias="id", description="The workflow's id or name."), _one_of("workflow", OTHER)
]
ExecutionReference = Annotated[str, Path(alias="execution_id"), _one_of("execution", OTHER)]
WorkflowExecutionReference = Annotated[str, Path(alias="id"), _one_of("workflow execution", OTHER)]
FreezeReference = Annotated[str, Path(alias="id"), _one_of("freeze", OTHER)]
SecretReference = Annotated[
    str, Path(alias="id", description="The secret's id or name."), _one_of("secret", OTHER)
]
ApprovalReference = Annotated[str, Path(alias="id"), _one_of("approval", OTHER)]
