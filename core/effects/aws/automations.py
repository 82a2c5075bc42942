"""Automations of Systems Manager, started once and followed to their end.

The client token is a UUID made of the mark, so that starting it again with the same mark returns the same execution.

Sources: https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartAutomationExecution.html,
…/API_GetAutomationExecution.html, …/API_StopAutomationExecution.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import NAMESPACE_URL, uuid5

from core.effects.aws.ssm import Console, call, member, structures
from core.effects.job_values import Candidate, Job, is_in_doubt
from core.effects.remote import Refused, Session, Unclear, Unknowable
from core.values.execution import Json

WELL = frozenset({"Success", "CompletedWithSuccess"})
BADLY = frozenset(
    {
        "TimedOut",
        "Cancelled",
        "Failed",
        "Rejected",
        "CompletedWithFailure",
        "ChangeCalendarOverrideRejected",
        "Exited",
    }
)
MISMATCH = "IdempotentParameterMismatch"
MOST_STEPS, LONGEST = 50, 8_192  # characters of one value


@dataclass(frozen=True)
class Automations:
    """Starts the automation `body`."""

    console: Console
    body: Mapping[str, Json]
    is_idempotent: ClassVar[bool] = True

    def start(self, session: Session, mark: str) -> Job:
        if session.context.maybe_done:
            raise Unknowable(
                "AWS may have forgotten the token of an automation that was started before the restore."
            )
        token = str(uuid5(NAMESPACE_URL, f"runbook:{mark}"))
        try:
            started = call(session, "StartAutomationExecution", {**self.body, "ClientToken": token})
        except Refused as error:
            if MISMATCH in str(error) and is_in_doubt(session.context, mark):
                raise Unknowable(f"It was started before, with other parameters. {error}") from error
            raise
        id_ = started.get("AutomationExecutionId")
        if not isinstance(id_, str):
            raise Unclear("AWS started the automation, and does not say as which execution.")
        return Job(id_, self._link(id_), "Pending")

    def recent(self, session: Session) -> Sequence[Candidate]:  # noqa: ARG002 as in JobSystem
        return ()

    def look(self, session: Session, job: Job) -> Job:
        asked: dict[str, Json] = {"AutomationExecutionId": job.id}
        found = member(call(session, "GetAutomationExecution", asked), "AutomationExecution")
        status = str(found.get("AutomationExecutionStatus"))
        has_ended = status in WELL | BADLY
        results: dict[str, Json] = _results(found) if has_ended else {}
        succeeded = status in WELL if has_ended else None
        detail: dict[str, Json] = {**found, **results}
        return Job(job.id, self._link(job.id), status, succeeded, detail=detail, results=results)

    def cancel(self, session: Session, job: Job) -> None:
        call(session, "StopAutomationExecution", {"AutomationExecutionId": job.id, "Type": "Cancel"})

    def _link(self, id_: str) -> str:
        return self.console.link(f"automation/execution/{id_}")


def _results(found: Mapping[str, Json]) -> dict[str, Json]:
    """Return what the step's output has of an execution that ended, bounded."""
    steps: dict[str, Json] = {
        str(each.get("StepName")): each.get("StepStatus")
        for each in structures(found, "StepExecutions")[:MOST_STEPS]
    }
    outputs = found.get("Outputs")
    values: dict[str, Json] = {
        name: _bounded(value) for name, value in (outputs if isinstance(outputs, dict) else {}).items()
    }
    failure = str(found.get("FailureMessage") or "")[:LONGEST]
    return {"steps": steps, "outputs": values, **({"failure": failure} if failure else {})}


def _bounded(value: Json) -> Json:
    texts = value if isinstance(value, list) else [value]
    return [str(text)[:LONGEST] for text in texts[:MOST_STEPS]]
