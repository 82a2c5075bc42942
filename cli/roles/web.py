"""The `runbook web` command."""

import structlog
import typer
from starlette.types import ASGIApp

from bot.answers import EphemeralReplier
from bot.limits import RestLimits, bucket
from bot.rest.settings import RestSettings
from bot.slack_http import slack_route
from bot.web import create_web
from cli.compose import Composition
from cli.processes import run
from cli.roles.slack import SLACK, bolt_app
from cli.serving import host_of, listen, serve
from migrations.newest import newest_revision

app = typer.Typer()
log = structlog.get_logger()


@app.command()
def web() -> None:
    """Serve Slack over HTTP, the REST API and the pages."""
    run("web", _serve, needs=SLACK, waits=False)


def _serve(composition: Composition) -> None:
    settings = composition.settings
    listener = listen(host_of(settings), settings.port)
    address, port = listener.getsockname()[:2]
    log.info("web listens", host=address, port=port)
    serve(web_app(composition), listener)


def web_app(composition: Composition) -> ASGIApp:
    settings = composition.settings
    return create_web(
        composition.unit_of_work,
        slack=slack_route(
            bolt_app(composition), settings.slack_signing_secret, EphemeralReplier(settings.slack_api_url)
        ),
        rest=rest_settings(composition),
        links=composition.links,
        newest_revision=newest_revision(),
        redis_answers=composition.redis_answers,
    )


def rest_settings(composition: Composition) -> RestSettings:
    limits = composition.unit_of_work.limits
    return RestSettings(
        composition.is_single_admin,
        composition.callbacks,
        bucket(limits.requests_of_token),
        RestLimits(limits),
        composition.origins,
        composition.settings.alert_secrets,
    )
