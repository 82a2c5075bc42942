"""The app that answers Slack, for whichever way Slack comes in."""

from slack_bolt import App

from bot.app import create_bolt_app
from bot.workspace import WorkspacePin, asking
from cli.compose import Composition
from core.decisions.installation import Workspace
from core.definitions.kinds import build_models

SLACK = ("SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET")


def bolt_app(composition: Composition) -> App:
    """The app, ready to answer: what its first command would load is there."""
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
    )


def workspace_pin(composition: Composition) -> WorkspacePin:
    settings = composition.settings
    given = Workspace(
        settings.slack_team_id or None, settings.slack_enterprise_id or None, settings.slack_app_id or None
    )
    ask = asking(settings.slack_bot_token, settings.slack_api_url, settings.slack_app_token)
    return WorkspacePin(composition.unit_of_work, given, ask)
