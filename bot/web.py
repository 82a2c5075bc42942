"""The web application: REST under /api, Slack's request URL, health and metrics, and pages for people."""

from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from bot.pages.guards import BodyLimit, RequestLog, SafeHeaders
from bot.pages.health import Answers, Elapsed, healthz, readyz
from bot.pages.metrics import metrics
from bot.pages.routes import PageSettings, page_routes
from bot.rest.application import create_rest
from bot.rest.settings import RestSettings
from core.clock import elapsed
from core.unit_of_work import UnitOfWorkFactory


def create_web(
    unit_of_work: UnitOfWorkFactory,
    *,
    slack: BaseRoute | None,
    rest: RestSettings,
    pages: PageSettings,
    newest_revision: str | None,
    agents: ASGIApp | None = None,
    redis_answers: Answers = lambda: True,
    now: Elapsed = elapsed,
) -> ASGIApp:
    """Compose the application.

    `slack`: the route that answers Slack (bot.slack_http); None with Socket Mode. `newest_revision`: the newest
    migration of this release. `agents`: answers at /mcp (bot.agents.door); None: nothing does. `redis_answers`: returns
    True if Redis is reachable, for /readyz. `now`: the time in seconds by which answers of /readyz and /metrics are
    cached, see core.clock.elapsed.
    """
    app = create_rest(unit_of_work, rest)
    routes: list[BaseRoute] = [
        Route("/healthz", healthz),
        Route("/readyz", readyz(unit_of_work, newest_revision, redis_answers, now)),
        Route("/metrics", metrics(unit_of_work, now, redis_answers)),
        *page_routes(unit_of_work, pages),
    ]
    if slack is not None:
        routes.append(slack)
    if agents is not None:
        routes.append(Route("/mcp", agents, methods=["POST"]))
    app.router.routes.extend(routes)
    return RequestLog(SafeHeaders(BodyLimit(app)))
