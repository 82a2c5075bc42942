"""What the person who acted is told when the app did not take it."""

from slack_sandbox.delivery.messages import Acknowledgement
from slack_sandbox.json_types import Json
from slack_sandbox.sandbox import Sandbox


def failed(sandbox: Sandbox, user: str, what: str, acknowledgement: Acknowledgement) -> Json:
    """Show the failure to the person, and answer with it."""
    message = f'{what} failed with the error "{acknowledgement.outcome}". {acknowledgement.detail}'
    sandbox.notice(user, message)
    return {"ok": False, "error": acknowledgement.outcome, "message": message}
