"""The doctor's checks of Slack: the bot's token, its workspace, and what its scopes allow."""

from collections.abc import Iterator, Mapping

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bot.app_manifest import missing_scopes
from cli.doctor_checks import Finding
from core.settings import NEEDED_FOR, Settings

SECONDS = 5
TOKEN, SCOPES = "slack token", "slack scopes"
GRANTED = "x-oauth-scopes"  # the header of each of Slack's answers that lists what the token may do


def slack(settings: Settings) -> Iterator[Finding]:
    """Check SLACK_BOT_TOKEN with Slack itself (auth.test); if it is valid, also its scopes."""
    if not settings.slack_bot_token:
        yield Finding(TOKEN, False, "SLACK_BOT_TOKEN is not set.", _set("SLACK_BOT_TOKEN"))
        return
    client = WebClient(settings.slack_bot_token, settings.slack_api_url, SECONDS, retry_handlers=[])
    try:
        answer = client.auth_test()
    except SlackApiError as error:
        yield Finding(TOKEN, False, f"Slack rejects it: {error.response['error']}.", _set("SLACK_BOT_TOKEN"))
    except (OSError, SlackClientError) as error:
        hint = "Check that this machine can reach it, and check SLACK_API_URL."
        yield Finding(TOKEN, False, f"{settings.slack_api_url} does not answer ({error}).", hint)
    else:
        yield _token(answer, settings)
        yield scopes(answer.headers)


def _set(setting: str) -> str:
    return f"Set {setting}: {NEEDED_FOR[setting]}."


def _token(answer: SlackResponse, settings: Settings) -> Finding:
    if settings.slack_team_id in ("", answer["team_id"]):
        return Finding(TOKEN, True, f"Valid: {answer['user']} in {answer['team']}.")
    return Finding(
        TOKEN,
        False,
        f"It belongs to workspace {answer['team_id']}, but SLACK_TEAM_ID is {settings.slack_team_id}.",
        "Only requests from the workspace in SLACK_TEAM_ID are accepted.",
    )


def scopes(headers: Mapping[str, str]) -> Finding:
    """Compare the granted scopes, which Slack says in a header of each answer, with those that are needed."""
    said = next((value for name, value in headers.items() if name.lower() == GRANTED), None)
    if said is None:
        return Finding(SCOPES, True, "Slack did not say which scopes were granted.")
    missing = list(missing_scopes({scope.strip() for scope in said.split(",")}))
    if not missing:
        return Finding(SCOPES, True, "All that are needed were granted.")
    lines = "; ".join(f"{scope.name}: {scope.costs}" for scope in missing)
    hint = "Add them to the app (`runbook manifest` prints them all), and reinstall it to the workspace."
    return Finding(SCOPES, not any(scope.is_vital for scope in missing), f"Missing: {lines}.", hint)
