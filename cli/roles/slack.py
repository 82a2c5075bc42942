"""The app that answers Slack, over HTTP and over Socket Mode."""

from slack_bolt import App

from bot.app import create_bolt_app
from bot.workspace import WorkspacePin, asking
from cli.compose import Composition
from cli.environment import environment
from cli.own_services import own_services
from cli.secret_sources import worker_secrets
from core.decisions.installation import Workspace
from core.definitions.kinds import build_models
from core.effects.choices import ChoiceFetcher
from core.execution.preparation import Ports
from core.io.egress import EgressPolicy
from core.io.http import HttpCaller

SLACK = ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET")


def bolt_app(composition: Composition) -> App:
    """Return the app with everything preloaded, so that its first answer is not late. Raises ConfigurationError."""
    settings = composition.settings
    settings.need(*SLACK)
    build_models()
    pin = workspace_pin(composition)
    pin.start()
    return create_bolt_app(
        composition.slack_service,
        token=settings.slack_bot_token,
        workspace=pin.current,
        api_url=settings.slack_api_url,
        single_admin=composition.is_single_admin,
        links=composition.links,
        limits=composition.unit_of_work.limits,
        choices=choice_fetcher(composition),
    )


def choice_fetcher(composition: Composition) -> ChoiceFetcher:
    """Return what fetches the choices of forms: with the hosts and the secrets that workers have, and nothing else."""
    settings = composition.settings
    egress = EgressPolicy.parse(settings.egress_entries, own_services(settings))
    return ChoiceFetcher(Ports(HttpCaller(egress), None, worker_secrets(composition, environment())))


def workspace_pin(composition: Composition) -> WorkspacePin:
    settings = composition.settings
    given = Workspace(
        settings.slack_team_id or None, settings.slack_enterprise_id or None, settings.slack_app_id or None
    )
    ask = asking(settings.slack_bot_token, settings.slack_api_url, settings.slack_app_token)
    return WorkspacePin(composition.unit_of_work, given, ask)
