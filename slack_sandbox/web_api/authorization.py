"""Which token may call which method. https://docs.slack.dev/authentication/tokens"""

from slack_sandbox.config import AppConfig
from slack_sandbox.web_api.method import TokenKind


def token_from(authorization_header: str, token_argument: str) -> str:
    """The token of a request: the bearer header, or else the ``token`` argument."""
    scheme, _, token = authorization_header.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else token_argument


def refusal(app: AppConfig, token: str, needed: TokenKind) -> str | None:
    """Slack's name for why this token may not call a method that needs that kind, or None when it may."""
    if needed == "none":
        return None
    if not token:
        return "not_authed"
    kinds = {app.bot_token: "bot", app.app_token: "app"}
    if token not in kinds:
        return "invalid_auth"
    return None if kinds[token] == needed else "not_allowed_token_type"
