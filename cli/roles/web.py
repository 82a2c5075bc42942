"""The `runbook web` command."""

from functools import partial
from typing import Annotated

import structlog
import typer
from starlette.types import ASGIApp

from bot.answers import EphemeralReplier
from bot.directory import SlackDirectory
from bot.limits import RestLimits, bucket
from bot.pages.access.openid import SlackOpenId
from bot.pages.access.sign_in import SlackSignIn
from bot.pages.routes import PageSettings
from bot.rest.settings import RestSettings
from bot.slack_http import slack_route
from bot.web import create_web
from cli.agents.door import agent_door
from cli.compose import Composition
from cli.forked import fork_process
from cli.processes import run, stopping
from cli.roles.slack import SLACK, bolt_app, workspace_pin
from cli.serving import host_of, listen, reserve, serve
from cli.supervisor import Supervisor, addresses, command
from core.definitions.kinds import build_models
from migrations.newest import newest_revision

app = typer.Typer()
log = structlog.get_logger()

MOST = 32

Workers = Annotated[
    int,
    typer.Option(
        "--workers",
        min=1,
        max=MOST,
        envvar="WEB_CONCURRENCY",
        help="How many processes serve the port. One keeps one processor core busy.",
    ),
]
Shared = Annotated[bool, typer.Option("--shared", hidden=True, help="Other processes listen there, too.")]


@app.command()
def web(workers: Workers = 1, shared: Shared = False) -> None:
    """Serve Slack over HTTP, the REST API and the pages."""
    if workers == 1:
        run("web", partial(_serve, shared=shared), needs=SLACK, waits=False)
    else:
        act = partial(_supervise, workers)
        run(f"web of {workers}", act, needs=SLACK, waits=False, supervises=True)


def _supervise(workers: int, composition: Composition) -> None:
    """Supervise processes that share the port. One that ends is restarted."""
    settings, stop = composition.settings, stopping()
    build_models()  # before the forks, which have them then
    host = host_of(settings)
    # Unshared at first: a port that another installation shares would be shared with it, and so would requests.
    reserve(host, settings.port).close()
    with reserve(host, settings.port, shared=True) as place:
        known = {**addresses(settings), "PORT": str(place.getsockname()[1])}
        alone = ["web", "--workers", "1", "--shared"]
        parts = [command(f"web-{number}", alone, known) for number in range(1, workers + 1)]
        with Supervisor(parts, fork_process) as supervisor:
            supervisor.watch(stop)


def _serve(composition: Composition, *, shared: bool) -> None:
    settings = composition.settings
    listener = listen(host_of(settings), settings.port, shared=shared)
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
        pages=page_settings(composition),
        newest_revision=newest_revision(),
        agents=agent_door(composition) if settings.mcp == "on" else None,
        redis_answers=composition.redis_answers,
    )


def page_settings(composition: Composition) -> PageSettings:
    """Return the settings of the pages. Raises ConfigurationError if only a part of the client's settings is there."""
    settings = composition.settings
    client = (settings.slack_client_id, settings.slack_client_secret)
    if not any(client):
        return PageSettings(composition.links)
    settings.need("SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET", "PUBLIC_URL")
    directory = SlackDirectory(settings.slack_bot_token, settings.slack_api_url)
    return PageSettings(
        composition.links,
        SlackSignIn(
            SlackOpenId(*client, settings.slack_api_url),
            workspace_pin(composition).current,
            partial(directory.ask_about, composition.unit_of_work),
        ),
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
