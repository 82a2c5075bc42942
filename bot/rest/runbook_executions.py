"""`/runbooks/executions`: showing, cancelling and retrying a run, giving a verdict, and entering values."""

from enum import StrEnum
from http import HTTPStatus

from pydantic import Field, JsonValue
from starlette.responses import Response

from bot.rest.answers import ExecutionAnswer, ExecutionPage, InputAnswer
from bot.rest.bodies import Body
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.idempotency import CurrentPost
from bot.rest.paging import WantedPage
from bot.rest.references import ExecutionReference
from bot.rest.starting import page_of_runs
from core.services.access.listing import list_children
from core.services.runs.control import InDoubt, cancel, give_verdict
from core.services.runs.finding import find_execution
from core.services.runs.inputs import Which, answer_input, find_input_of_run
from core.services.runs.retries import retry
from core.services.views.executions import view_input
from core.services.views.reading import view_execution
from core.statuses import Status
from core.unit_of_work import UnitOfWork

router = authenticated_router("/api/runbooks/executions", "runbook executions")


class Verdict(StrEnum):
    """What a person knows about a step in doubt."""

    RAN = "ran"
    DID_NOT_RUN = "did_not_run"
    RUN_AGAIN = "run_again"


class VerdictBody(Body):
    verdict: Verdict
    """`ran`: the step happened. `did_not_run`: it did not. `run_again`: it did not, or may safely happen twice."""
    step: str = Field(min_length=1, max_length=200)
    """The step in doubt. If the run asks about another one by now: 409."""
    attempt: int = Field(ge=1, le=1_000_000)
    """The step's attempt, as shown by the run."""


@router.get("/{execution_id}")
def show(execution: ExecutionReference, caller: CurrentCaller) -> ExecutionAnswer:
    """Return one run with the current state of its steps."""
    with caller.unit_of_work.begin() as work:
        row = find_execution(work, caller.person, execution)
        return ExecutionAnswer(execution=view_execution(work, row))


@router.get("/{execution_id}/children")
def list_children_of(
    execution: ExecutionReference, caller: CurrentCaller, page: WantedPage, status: Status | None = None
) -> ExecutionPage:
    """List the child runs that a run's steps have started, in their order, optionally only those with a status."""
    with caller.unit_of_work.begin() as work:
        row = find_execution(work, caller.person, execution)
        return page_of_runs(work, page, list_children(work, row, page.window, status))


@router.post("/{execution_id}/cancel", response_model=ExecutionAnswer)
def cancel_one(execution: ExecutionReference, post: CurrentPost) -> Response:
    """Cancel a run: no further step starts, and the running one is stopped."""

    def act(work: UnitOfWork) -> ExecutionAnswer:
        row = cancel(work, post.caller.person, execution)
        return ExecutionAnswer(execution=view_execution(work, row))

    return post.once(act)


@router.post("/{execution_id}/verdict", response_model=ExecutionAnswer)
def judge(execution: ExecutionReference, body: VerdictBody, post: CurrentPost) -> Response:
    """Give the verdict: say whether the step in doubt happened."""

    def act(work: UnitOfWork) -> ExecutionAnswer:
        about = InDoubt(body.step, body.attempt)
        row = give_verdict(work, post.caller.person, execution, body.verdict, about)
        return ExecutionAnswer(execution=view_execution(work, row))

    return post.once(act)


class InputBody(Body):
    values: dict[str, JsonValue]
    """The values, which must fit the schema that the run shows as `input.schema`."""
    step: str | None = Field(default=None, min_length=1, max_length=200)
    """The step that asks for them. If the run asks for others by now: 409."""
    attempt: int | None = Field(default=None, ge=1, le=1_000_000)
    """The step's attempt, as shown by the run."""


@router.post("/{execution_id}/input", response_model=InputAnswer)
def answer(execution: ExecutionReference, body: InputBody, post: CurrentPost) -> Response:
    """Enter the values that a run asks for. The first valid answer counts."""

    def act(work: UnitOfWork) -> InputAnswer:
        person = post.caller.person
        asked = find_input_of_run(work, person, execution, Which(body.step, body.attempt))
        # Not the run: those whom the step names need not be allowed to see it.
        return InputAnswer(input=view_input(answer_input(work, person, asked, body.values)))

    return post.once(act)


class RetryBody(Body):
    """`from`: the step to continue from, which only admins of the team may choose."""

    from_step: str | None = Field(default=None, alias="from", min_length=1, max_length=200)


FIRST = RetryBody()


@router.post("/{execution_id}/retry", status_code=HTTPStatus.CREATED, response_model=ExecutionAnswer)
def retry_one(execution: ExecutionReference, post: CurrentPost, body: RetryBody = FIRST) -> Response:
    """Start a new run that continues from the first step that did not succeed."""

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
