"""oauth.*, openid.* and auth.revoke: how an app gets its token, learns who somebody is, and gives its token back.

https://docs.slack.dev/authentication/installing-with-oauth
"""

import hmac

from slack_sandbox.openid import Identity
from slack_sandbox.rate_limits import TIER_3, TIER_4
from slack_sandbox.sandbox import Installation
from slack_sandbox.values import Json, SlackError, new_secret
from slack_sandbox.web_api.method import Call, Method
from slack_sandbox.web_api.scopes import all_scopes


def access(call: Call) -> Json:
    """https://docs.slack.dev/reference/methods/oauth.v2.access"""
    arguments, sandbox = call.arguments, call.sandbox
    installation = _installation(call)
    app, team = installation.app, call.workspace.team
    redirect = arguments.text("redirect_uri")
    grant = sandbox.grants.exchange(arguments.text("code"), app.id, redirect, call.now)
    installation.scopes, installation.revoked = grant.scopes or all_scopes(), None
    return {
        "app_id": app.id,
        "authed_user": {"id": grant.user},
        "scope": ",".join(installation.scopes),
        "token_type": "bot",
        "access_token": app.bot_token,
        "bot_user_id": app.bot_user_id,
        "team": {"id": team.id, "name": team.name},
        "enterprise": None,
        "is_enterprise_install": False,
    }


def _installation(call: Call) -> Installation:
    arguments = call.arguments
    for installation in call.sandbox.installations.values():
        app = installation.app
        if app.oauth_client_id != arguments.text("client_id"):
            continue
        if not hmac.compare_digest(app.client_secret.encode(), arguments.text("client_secret").encode()):
            raise SlackError("bad_client_secret")
        return installation
    raise SlackError("invalid_client_id")


def sign_in(call: Call) -> Json:
    """Who allowed it, in a signed token. https://docs.slack.dev/reference/methods/openid.connect.token"""
    arguments, sandbox, team = call.arguments, call.sandbox, call.workspace.team
    app = _installation(call).app
    grant = sandbox.grants.exchange(arguments.text("code"), app.id, arguments.text("redirect_uri"), call.now)
    if "openid" not in grant.scopes:
        raise SlackError("invalid_code")
    user, access_token = call.workspace.user(grant.user), f"xoxp-{new_secret()}"
    identity = Identity(
        user=user.id,
        name=user.real_name,
        team_id=user.team_id or team.id,
        team_name=team.name,
        client_id=app.oauth_client_id,
        nonce=grant.nonce,
    )
    id_token = sandbox.identities.token(identity, access_token, call.origin, call.now)
    return {"access_token": access_token, "token_type": "Bearer", "id_token": id_token}


def revoke(call: Call) -> Json:
    """With ``test`` it only says whether it would. https://docs.slack.dev/reference/methods/auth.revoke"""
    if call.arguments.flag("test"):
        return {"revoked": False}
    call.sandbox.installation.revoked = "token_revoked"
    event = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [call.app_user]}}
    call.workspace.announcer.to_app(event, call.workspace.app.id)
    return {"revoked": True}


METHODS = {
    "oauth.v2.access": Method(access, TIER_4, token="none"),
    "openid.connect.token": Method(sign_in, TIER_4, token="none"),
    "auth.revoke": Method(revoke, TIER_3),
}
