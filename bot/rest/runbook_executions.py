"""`/runbooks/executions`: one run, watched, cancelled, judged, retried.

`/runbooks/executions`: one run, watched, cancelled, judged.

`/runbooks/executions/{id}/retry`: going on where a run ended.
"""

from enum import StrEnum
from http import HTTPStatus

from pydantic import Field
from starlette.responses import Response

from bot.rest.answers import ExecutionAnswer
from bot.rest.bodies import Body
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.idempotency import CurrentPost
from bot.rest.references import ExecutionReference
from core.services.runs.control import InDoubt, cancel, find_execution, give_verdict
from core.services.runs.retries import retry
from core.services.views.reading import view_execution
from core.unit_of_work import UnitOfWork

router = authenticated_router("/api/runbooks/executions", "runbook executions")


class Verdict(StrEnum):
    """What a person knows of a step of which we do not know whether it happened."""

    RAN = "ran"
    DID_NOT_RUN = "did_not_run"
    RUN_AGAIN = "run_again"


class VerdictBody(Body):
    verdict: Verdict
    """Whether the step happened; `run_again`: it did not, or it does no harm to do it twice."""
    step: str = Field(min_length=1, max_length=200)
    """The step that this is about; if another one is asked about by now, 409."""
    attempt: int = Field(ge=1, le=1_000_000)
    """The attempt of that step, as the run shows it."""


@router.get("/{execution_id}")
def show(execution: ExecutionReference, caller: CurrentCaller) -> ExecutionAnswer:
    """One run, with its steps as they are now."""
    with caller.unit_of_work.begin() as work:
        row = find_execution(work, caller.person, execution)
        return ExecutionAnswer(execution=view_execution(work, row))


@router.post("/{execution_id}/cancel", response_model=ExecutionAnswer)
def cancel_one(execution: ExecutionReference, post: CurrentPost) -> Response:
    """Start no further step, and stop the one that runs."""

    def act(work: UnitOfWork) -> ExecutionAnswer:
        row = cancel(work, post.caller.person, execution)
        return ExecutionAnswer(execution=view_execution(work, row))

    return post.once(act)


@router.post("/{execution_id}/verdict", response_model=ExecutionAnswer)
def judge(execution: ExecutionReference, body: VerdictBody, post: CurrentPost) -> Response:
    """Say whether the step that this run asks about happened."""

    def act(work: UnitOfWork) -> ExecutionAnswer:
        about = InDoubt(body.step, body.attempt)
        row = give_verdict(work, post.caller.person, execution, body.verdict, about)
        return ExecutionAnswer(execution=view_execution(work, row))

    return post.once(act)


class RetryBody(Body):
    """`from`: the step to go on from, which a team's admins may choose."""

    from_step: str | None = Field(default=None, alias="from", min_length=1, max_length=200)


FIRST = RetryBody()


@router.post("/{execution_id}/retry", status_code=HTTPStatus.CREATED, response_model=ExecutionAnswer)
def retry_one(execution: ExecutionReference, post: CurrentPost, body: RetryBody = FIRST) -> Response:
    """Make a new run that goes on from the first step that did not succeed."""

    def act(work: UnitOfWork) -> ExecutionAnswer:
        row = retry(
            work,
            post.caller.person,
            execution,
            from_step=body.from_step,
            request_key=post.request_key,
        )
        return ExecutionAnswer(execution=view_execution(work, row))

    return post.once(act, HTTPStatus.CREATED)
