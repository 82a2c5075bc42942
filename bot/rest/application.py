"""The REST application, composed of its routers."""

from typing import Any

from fastapi import FastAPI

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
    runbook_executions,
    runbooks,
    runs,
    secrets,
    workflows,
)
from bot.rest.problem import add_problem_handlers
from bot.rest.problem_responses import add_problems, names_problems
from bot.rest.settings import RestSettings
from core.unit_of_work import UnitOfWorkFactory

ROUTERS = (
    incidents.router,
    incident_runbooks.router,
    runbook_executions.router,  # before /api/runbooks/{id}
    runbooks.router,
    workflows.router,
    analytics.runbooks,
    analytics.workflows,
    executions.router,
    runs.router,
    freezes.router,
    secrets.router,
    approvals.router,
    audit.router,
    incident_timeline.router,
    alerts.router,
    callbacks.router,
)


def create_rest(unit_of_work: UnitOfWorkFactory, settings: RestSettings) -> FastAPI:
    """Create the application. Its OpenAPI document is at `/api/openapi.json`; all errors are problem documents."""
    app = _application()
    app.state.unit_of_work, app.state.settings = unit_of_work, settings
    return app


def openapi_document() -> dict[str, Any]:
    """Return the document at `/api/openapi.json`, without a running service."""
    return _application().openapi()


class RestApplication(FastAPI):
    """FastAPI, whose description of itself also names the problems of each operation."""

    def openapi(self) -> dict[str, Any]:
        document = super().openapi()  # FastAPI keeps it, and makes it anew when its routes change
        if not names_problems(document):
            add_problems(document)
        return document


def _application() -> FastAPI:
    app = RestApplication(
        title="Runbooks",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    add_problem_handlers(app)
    for router in ROUTERS:
        app.router.routes.extend(router.routes)  # `include_router` would create every route again
    return app
