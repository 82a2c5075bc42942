"""`token create`, `list` and `revoke`: an operator manages bearer tokens directly in the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from cli.client.connection import print_json
from cli.client.output import say, table
from cli.compose import Composition, reachable
from cli.environment import environment
from cli.operator import OPERATOR
from core.decisions.policy import AGENT_SCOPES
from core.definitions.durations import parse_duration
from core.definitions.problems import nearest, one_of
from core.errors import InvalidInput
from core.services.access.tokens import (
    DEFAULT_SCOPES,
    LIFETIME,
    Grant,
    create_agent_token,
    create_service_token,
    create_token,
    list_tokens,
    narrowed_tokens,
    revoke_token,
)
from core.services.operations.health import check_schema
from core.settings import Settings
from core.statuses import TokenScope
from core.tables import ApiToken
from core.unit_of_work import UnitOfWork
from migrations.newest import newest_revision

app = typer.Typer()
token_app = typer.Typer(help="Bearer tokens for the REST API.", no_args_is_help=True)
app.add_typer(token_app, name="token")

Shown = dict[str, Any]  # a token as `--json` prints it
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
NEVER = "never"
DEFAULT_EXPIRY = f"{LIFETIME.days}d"
AGENTS_EXPIRY = "30d"


@contextmanager
def working() -> Iterator[UnitOfWork]:
    """Open one transaction on the service's database. Raises Unavailable if its schema does not fit this release."""
    with (
        reachable(Settings.from_environment(environment())) as settings,
        Composition.of(settings) as composition,
        composition.unit_of_work.begin() as work,
    ):
        check_schema(work, newest_revision())
        yield work


@token_app.command("create")
def token_create(
    user: Annotated[str, typer.Option(help="Slack id of the person that the token acts for.")] = "",
    service: Annotated[
        str, typer.Option(help="Instead of --user: a service. Services cannot make decisions.")
    ] = "",
    name: Annotated[str, typer.Option(help="The token's purpose.")] = "",
    scope: Annotated[
        str,
        typer.Option(help=f"Scopes, with commas: {', '.join(TokenScope)}. For a person by default read,run."),
    ] = "",
    team: Annotated[
        str, typer.Option(help="Restrict the token to this team's objects and global ones.")
    ] = "",
    owner: Annotated[
        str, typer.Option(help="Slack id of the person responsible for what a service runs.")
    ] = "",
    expires: Annotated[str, typer.Option(help="Lifetime such as 12h or 365d, or never.")] = (DEFAULT_EXPIRY),
) -> None:
    """Create a token. It is printed once, alone on the last line."""
    _check_options(user, service, name, scope, owner)
    grant = Grant(scopes_of(scope) or DEFAULT_SCOPES, team or None, _lifetime(expires))
    with working() as work:
        token = (
            create_token(work, OPERATOR, user, name, grant)
            if user
            else create_service_token(work, OPERATOR, service, grant, name=name, owner=owner or None)
        )
        _say_token(token, grant, work.now)


@token_app.command("agent")
def token_agent(
    agent: Annotated[str, typer.Argument(metavar="NAME", help="The agent's name, such as triage-bot.")],
    team: Annotated[str, typer.Option(help="The team whose incidents it reads, and proposes runs for.")],
    owner: Annotated[
        str, typer.Option(help="Slack id of the responder of that team who is responsible for it.")
    ],
    expires: Annotated[str, typer.Option(help="Lifetime such as 12h or 30d.")] = AGENTS_EXPIRY,
) -> None:
    """Create a token for an agent, which may read and propose. It is printed once, alone on the last line."""
    grant = Grant(AGENT_SCOPES, team, _lifetime(expires))
    with working() as work:
        token = create_agent_token(work, OPERATOR, agent, grant, owner=owner)
        _say_token(token, grant, work.now)


def _say_token(token: str, grant: Grant, now: datetime) -> None:
    until = f"until {now + grant.lifetime:%Y-%m-%d}" if grant.lifetime else "without expiry"
    scopes = ", ".join(each for each in TokenScope if each in grant.scopes)
    typer.echo(f"Scopes: {scopes}; valid {until}. The token is shown only once:", err=True)
    typer.echo(token)


def _check_options(user: str, service: str, name: str, scope: str, owner: str) -> None:
    if bool(user) == bool(service):
        raise typer.BadParameter("Give --user for a person's token, or --service for a service's.")
    if user and not name:
        raise typer.BadParameter("Give --name, the token's purpose.")
    if user and owner:
        raise typer.BadParameter("--owner is only for --service: a person is responsible for themselves.")
    if service and not scope:
        raise typer.BadParameter("Give --scope, for example --scope alerts.")


def scopes_of(text: str) -> frozenset[TokenScope]:
    """Parse scopes such as `read,run`. Raises InvalidInput, suggesting the nearest scope, for an unknown word."""
    words = [word.strip() for word in text.split(",") if word.strip()]
    for word in words:
        if word not in list(TokenScope):
            meant = one_of(nearest(word, list(TokenScope)) or list(TokenScope))
            raise InvalidInput(f"There is no scope {word}.", hint=f"Use {meant}.", field="scope")
    return frozenset(map(TokenScope, words))


def _lifetime(text: str) -> timedelta | None:
    return None if text == NEVER else parse_duration(text)


@token_app.command("list")
def token_list(as_json: AsJson = False) -> None:
    """List all tokens, newest first, with their scopes and expiry, but not the tokens themselves."""
    with working() as work:
        tokens = [_shown(row) for row in list_tokens(work, OPERATOR)]
        narrowed = len(narrowed_tokens(work))
    if as_json:
        print_json({"tokens": tokens})
        return
    if not tokens:
        say("There are no tokens. Create one with `runbook token create`.")
        return
    table(("id", "for", "name", "scopes", "expires", "last used"), list(map(_line, tokens)), whole=2)
    if narrowed:
        say(narrowed_notice(narrowed))


def narrowed_notice(count: int) -> str:
    """Explain what happened to tokens that are older than scopes, and what to do if they need more."""
    which = "1 token was" if count == 1 else f"{count} tokens were"
    return (
        f"{which} created before tokens had scopes, and could do everything; now limited to read and run, "
        "without expiry. If one must approve or write, create another with `runbook token create --user … --name … "
        "--scope read,run,approve,write`, then use `runbook token revoke ID`."
    )


def _line(token: Shown) -> tuple[str, ...]:
    """Return a row for people: dates without times, and scopes and team in one column."""
    scopes = f"{','.join(token['scopes'])}{' of ' + token['team'] if token['team'] else ''}"
    until = f"revoked {_day(token['revoked_at'])}" if token["revoked_at"] else _day(token["expires_at"])
    last_used = _day(token["last_used_at"]) if token["last_used_at"] else ""
    return token["id"], token["user"], token["name"], scopes, until, last_used


def _day(moment: str | None) -> str:
    return moment[:10] if moment else "never"


def _shown(row: ApiToken) -> Shown:
    return {
        "id": row.id,
        "kind": row.kind,
        "user": row.slack_user_id,
        "owner": row.owner,
        "name": row.name,
        "scopes": row.scopes,
        "team": row.team,
        "created_by": row.created_by,
        "created_at": _moment(row.created_at),
        "expires_at": _moment(row.expires_at),
        "last_used_at": _moment(row.last_used_at),
        "revoked_at": _moment(row.revoked_at),
    }


def _moment(value: datetime | None) -> str | None:
    return value.isoformat(timespec="seconds") if value else None


@token_app.command("revoke")
def token_revoke(
    token_id: Annotated[
        str, typer.Argument(metavar="ID", help="The id, tok_…; `runbook token list` shows it.")
    ],
    as_json: AsJson = False,
) -> None:
    """Revoke a token: from now on it is refused."""
    with working() as work:
        shown = _shown(revoke_token(work, OPERATOR, token_id))
    if as_json:
        print_json({"token": shown})
    else:
        say(f"Revoked {token_id} ({shown['name']}, {shown['user']}).")
