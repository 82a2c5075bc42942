"""The REST application, made of its routers."""

from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from bot.entrances import ROUTES
from bot.rest import (
    alerts,
    analytics,
    approvals,
    audit,
    callbacks,
    executions,
    freezes,
    incident_runbooks,
    incident_timeline,
    incidents,
    retrying,
    runbook_executions,
    runbooks,
    secrets,
    workflows,
)
from bot.rest.callers import AuthenticatedRoute
from bot.rest.problem import add_problem_handlers
from bot.rest.settings import RestSettings
from core.service import Service

ROUTERS = (
    (incidents.router, "/api/incidents"),
    (incident_runbooks.router, "/api/incidents"),
    (runbook_executions.router, "/api/runbooks/executions"),  # before /api/runbooks/{id}
    (retrying.router, "/api/runbooks/executions"),
    (runbooks.router, "/api/runbooks"),
    (workflows.router, "/api/workflows"),
    (analytics.runbooks, "/api/runbooks"),
    (analytics.workflows, "/api/workflows"),
    (executions.router, "/api/executions"),
    (freezes.router, "/api/freezes"),
    (secrets.router, "/api/secrets"),
    (approvals.router, "/api/approvals"),
    (audit.router, "/api/audit"),
    (incident_timeline.router, "/api/incidents"),
    (alerts.router, "/api/alerts"),
    (callbacks.router, "/api/callbacks"),
)


def create_rest(service: Service, settings: RestSettings) -> FastAPI:
    """The application; it describes itself at `/api/openapi.json`. Errors are problems, whatever the address."""
    app = _application()
    app.state.service, app.state.settings = service, settings
    return app


def openapi_document() -> dict[str, Any]:
    """What is at `/api/openapi.json`, without a service."""
    return _application().openapi()


def _application() -> FastAPI:
    app = FastAPI(
        title="Runbooks",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    add_problem_handlers(app)
    for router, prefix in ROUTERS:
        app.include_router(router, prefix=prefix)
    _set_actions(app)
    return app


def _set_actions(app: FastAPI) -> None:
    """Let each route know what the policy is asked for it; one that is not listed is refused to everybody."""
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, AuthenticatedRoute):
            [method] = route.methods or ("",)
            route.action = ROUTES.get(f"{method} {context.path}")
