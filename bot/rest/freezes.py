"""`/freezes`: freezing a team's runs, or all runs, and lifting freezes."""

from http import HTTPStatus

from pydantic import BaseModel, Field
from starlette.responses import Response

from bot.rest.bodies import Body
from bot.rest.callers import CurrentCaller, authenticated_router
from bot.rest.idempotency import CurrentPost
from bot.rest.references import FreezeReference
from core.services.freezes.declaring import find_freeze, freeze, unfreeze, visible_freezes
from core.services.views.executions import view_freeze
from core.unit_of_work import UnitOfWork
from core.views.executions import FreezeView

router = authenticated_router("/api/freezes", "freezes")


class FreezeBody(Body):
    """The team to freeze, and why. Without `team`, everything is frozen."""

    team: str | None = Field(default=None, min_length=1, max_length=200)
    reason: str = Field(min_length=1, max_length=500)


class FreezeAnswer(BaseModel):
    freeze: FreezeView


class FreezeList(BaseModel):
    freezes: list[FreezeView]


@router.post("", status_code=HTTPStatus.CREATED, response_model=FreezeAnswer)
def begin(body: FreezeBody, post: CurrentPost) -> Response:
    """Start a freeze: nothing new starts, and active runs are held before their next step."""

    def act(work: UnitOfWork) -> FreezeAnswer:
        row = freeze(
            work, post.caller.person, team=body.team, reason=body.reason, request_key=post.request_key
        )
        return FreezeAnswer(freeze=view_freeze(row))

    return post.once(act, HTTPStatus.CREATED)


@router.get("")
def list_all(caller: CurrentCaller) -> FreezeList:
    """List the freezes in force that may affect you, oldest first."""
    with caller.unit_of_work.begin() as work:
        return FreezeList(freezes=list(map(view_freeze, visible_freezes(work, caller.person))))


@router.get("/{id}")
def show(freeze_id: FreezeReference, caller: CurrentCaller) -> FreezeAnswer:
    """Return one freeze, in force or lifted."""
    with caller.unit_of_work.begin() as work:
        return FreezeAnswer(freeze=view_freeze(find_freeze(work, caller.person, freeze_id)))


@router.delete("/{id}")
def lift(freeze_id: FreezeReference, caller: CurrentCaller) -> FreezeAnswer:
    """Lift a freeze: what it held continues."""
    lifted = caller.unit_of_work.run(lambda work: view_freeze(unfreeze(work, caller.person, freeze_id)))
    return FreezeAnswer(freeze=lifted)
