"""Slash commands. https://docs.slack.dev/interactivity/implementing-slash-commands"""

from slack_sandbox.delivery.call_log import Delivery
from slack_sandbox.interactions.elements import VERIFICATION_TOKEN, channel_name, failed
from slack_sandbox.interactions.responses import carry_out, understand
from slack_sandbox.response_urls import ResponseUrl
from slack_sandbox.sandbox import Sandbox
from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.models import Channel, User


async def run_command(sandbox: Sandbox, user: User, channel: Channel, line: str, origin: str) -> Json:
    """Send a typed command to the app, wait for its acknowledgement, show what it answers at once.

    Raises SlackError when Slack would not even send it.
    """
    command, _, text = line.strip().partition(" ")
    if not sandbox.workspace.app.takes_command(command):
        raise SlackError("unknown_command", sentence=f"{command} is not a valid command here.")
    if channel.is_archived:
        raise SlackError("is_archived")
    now = sandbox.clock()
    url = ResponseUrl(user.id, channel.id, now, app_id=sandbox.workspace.app.id)
    payload = command_form(sandbox, user, channel, (command, text.strip()))
    payload["response_url"] = f"{origin}/response/{sandbox.response_urls.issue(url)}"
    payload["trigger_id"] = sandbox.triggers.issue(user.id, now)
    acknowledgement = await sandbox.courier.deliver(Delivery("slash_commands", payload))
    if not acknowledgement.accepted:
        return failed(sandbox, user.id, command, acknowledgement)
    return _show(sandbox, url, acknowledgement.answer)


def command_form(sandbox: Sandbox, user: User, channel: Channel, typed: tuple[str, str]) -> Json:
    workspace = sandbox.workspace
    command, text = typed
    return {
        "token": VERIFICATION_TOKEN,
        "team_id": workspace.team.id,
        "team_domain": workspace.team.domain,
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": user.id,
        "user_name": user.name,
        "command": command,
        "text": text,
        "api_app_id": workspace.app.id,
        "is_enterprise_install": "false",
    }


def _show(sandbox: Sandbox, url: ResponseUrl, answer: Json | str | None) -> Json:
    """Plain text is shown to the person who asked; a JSON object says itself to whom."""
    if not answer:
        return {"ok": True}
    body = {"text": answer} if isinstance(answer, str) else answer
    try:
        carry_out(sandbox.workspace, url, understand(body), sandbox.clock())
    except SlackError as error:
        details = "; ".join(error.messages) or error.sentence
        sandbox.notice(url.user, f"The app's answer cannot be shown: {error.error}. {details}")
        return {"ok": False, "error": error.error, "message": details}
    return {"ok": True}
