"""`/callbacks/{token}`: what outside systems answer to runs. The address itself is the credential."""

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path
from fastapi.routing import APIRoute
from pydantic import JsonValue
from starlette.requests import Request
from starlette.responses import Response

from bot.rest.answers import CallbackAnswer
from bot.rest.bodies import check_body, check_json
from bot.rest.problem_responses import ANY_PROBLEM
from bot.rest.settings import RestSettings
from core.definitions.json_text import unkeepable
from core.errors import InvalidInput
from core.services.runs.callbacks import receive_callback
from core.unit_of_work import UnitOfWorkFactory
from core.views.executions import CallbackView


class CallbackRoute(APIRoute):
    """Looks at the address first, which is the credential, and then at the body, before it is parsed."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def checked(request: Request) -> Response:
            settings: RestSettings = request.app.state.settings
            settings.callbacks.read(request.path_params["token"])
            if await request.body():
                check_json(request)
            await check_body(request)
            return await handle(request)

        return checked


router = APIRouter(
    prefix="/api/callbacks", route_class=CallbackRoute, tags=["callbacks"], responses=ANY_PROBLEM
)


@router.post("/{token}")
def receive(
    request: Request,
    token: Annotated[str, Path(description="As a step was given it in its `callbacks.STEP_ID`.")],
    body: Annotated[dict[str, JsonValue] | None, Body(description="Whatever the step is to know.")] = None,
) -> CallbackAnswer:
    """Tell a run what it waits for. Good for once."""
    unit_of_work: UnitOfWorkFactory = request.app.state.unit_of_work
    settings: RestSettings = request.app.state.settings
    execution_id, step_id = settings.callbacks.read(token)
    told = body or {}
    refuse_unkeepable(told)
    with unit_of_work.begin() as work:
        row = receive_callback(work, execution_id, step_id, told)
        view = CallbackView(execution_id=row.execution_id, step=row.step_id, received_at=row.received_at)
        return CallbackAnswer(callback=view)


def refuse_unkeepable(body: JsonValue) -> None:
    """Raise InvalidInput, naming the place, for what PostgreSQL cannot keep. The callback stays good."""
    for path, why in unkeepable(body):
        place = ".".join(path) or "The body"
        raise InvalidInput(f"{place} {why}.", field=".".join(path) or "body")
