"""`runbook web`."""

import typer
import uvicorn
from starlette.types import ASGIApp

from bot.answers import Whisper
from bot.limits import RestLimits, bucket
from bot.rest.settings import RestSettings
from bot.slack_http import slack_route
from bot.web import create_web
from cli.compose import Composition
from cli.processes import run
from cli.roles.slack import bolt_app
from migrations.newest import newest_revision

EVERYWHERE = "0.0.0.0"  # noqa: S104 where there is a public address, a proxy stands before us

app = typer.Typer()


@app.command()
def web() -> None:
    """Slack over HTTP, the REST API and the pages."""
    run("web", _serve)


def _serve(composition: Composition) -> None:
    uvicorn.run(
        web_app(composition),
        host=EVERYWHERE if composition.settings.public_url else "127.0.0.1",
        port=composition.settings.port,
        log_level="warning",
        access_log=False,
        lifespan="off",
    )


def web_app(composition: Composition) -> ASGIApp:
    settings = composition.settings
    return create_web(
        composition.service,
        slack=slack_route(
            bolt_app(composition), settings.slack_signing_secret, Whisper(settings.slack_api_url)
        ),
        rest=rest_settings(composition),
        links=composition.links,
        newest_revision=newest_revision(),
        redis_answers=composition.redis_answers,
    )


def rest_settings(composition: Composition) -> RestSettings:
    limits = composition.service.limits
    return RestSettings(
        composition.is_single_admin,
        composition.callbacks,
        bucket(limits.requests_of_token),
        RestLimits(limits),
        composition.origins,
        composition.settings.alert_secrets,
    )
