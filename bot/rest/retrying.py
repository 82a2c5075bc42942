"""`/runbooks/executions/{id}/retry`: going on where a run ended."""

from http import HTTPStatus

from pydantic import Field
from starlette.responses import Response

from bot.rest.answers import ExecutionAnswer
from bot.rest.bodies import Body
from bot.rest.callers import authenticated_router
from bot.rest.idempotency import CurrentPost
from bot.rest.references import ExecutionReference
from core.service import Work
from core.services.runs.retries import retry
from core.services.views.reading import view_execution

router = authenticated_router("/api/runbooks/executions", "runbook executions")


class RetryBody(Body):
    """`from`: the step to go on from, which a team's admins may choose."""

    from_step: str | None = Field(default=None, alias="from", min_length=1, max_length=200)


FIRST = RetryBody()


@router.post("/{execution_id}/retry", status_code=HTTPStatus.CREATED, response_model=ExecutionAnswer)
def retry_one(execution: ExecutionReference, post: CurrentPost, body: RetryBody = FIRST) -> Response:
    """Make a new run that goes on from the first step that did not succeed."""

    def act(work: Work) -> ExecutionAnswer:
        row = retry(
            work,
            post.caller.person,
            execution,
            from_step=body.from_step,
            request_key=post.request_key,
        )
        return ExecutionAnswer(execution=view_execution(work, row))

    return post.once(act, HTTPStatus.CREATED)
