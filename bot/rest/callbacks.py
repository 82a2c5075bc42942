"""`/callbacks/{token}`: callbacks from outside systems to runs. The address itself is the credential."""

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
    """Checks the address, which is the credential, and then the body's type and shape before it is parsed."""

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
    token: Annotated[str, Path(description="The token from the run's `callbacks.STEP_ID`.")],
    body: Annotated[dict[str, JsonValue] | None, Body(description="Any data for the step's output.")] = None,
) -> CallbackAnswer:
    """Deliver the callback that a run is waiting for. Each address accepts one callback."""
    unit_of_work: UnitOfWorkFactory = request.app.state.unit_of_work
    settings: RestSettings = request.app.state.settings
    execution_id, step_id = settings.callbacks.read(token)
    data = body or {}
    refuse_unkeepable(data)
    with unit_of_work.begin() as work:
        row = receive_callback(work, execution_id, step_id, data)
        view = CallbackView(execution_id=row.execution_id, step=row.step_id, received_at=row.received_at)
        return CallbackAnswer(callback=view)


def refuse_unkeepable(body: JsonValue) -> None:
    """Raise InvalidInput, with the place, for values that PostgreSQL cannot store. The address stays valid."""
    for path, why in unkeepable(body):
        place = ".".join(path) or "The body"
        raise InvalidInput(f"{place} {why}.", field=".".join(path) or "body")
