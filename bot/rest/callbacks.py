"""`/callbacks/{token}`: what outside systems answer to runs. The address itself is the credential."""

from typing import Annotated

from fastapi import APIRouter, Body, Path
from pydantic import JsonValue
from starlette.requests import Request

from bot.rest.alerts import refuse_unkeepable
from bot.rest.answers import CallbackAnswer
from bot.rest.problem import PROBLEM_RESPONSES
from bot.rest.settings import RestSettings
from core.service import Service
from core.services.callbacks import receive_callback
from core.views import CallbackView

router = APIRouter(tags=["callbacks"], responses=PROBLEM_RESPONSES)


@router.post("/{token}")
def receive(
    request: Request,
    token: Annotated[str, Path(description="As a step was given it in its `callbacks.STEP_ID`.")],
    body: Annotated[dict[str, JsonValue] | None, Body(description="Whatever the step is to know.")] = None,
) -> CallbackAnswer:
    """Tell a run what it waits for. Good for once."""
    service: Service = request.app.state.service
    settings: RestSettings = request.app.state.settings
    execution_id, step_id = settings.callbacks.read(token)
    told = body or {}
    refuse_unkeepable(told)
    with service.transaction() as work:
        row = receive_callback(work, execution_id, step_id, told)
        view = CallbackView(execution_id=row.execution_id, step=row.step_id, received_at=row.received_at)
        return CallbackAnswer(callback=view)
