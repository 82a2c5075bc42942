"""`token create`, `list` and `revoke`: bearer tokens, made and taken back by an operator at the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from cli.apply import OPERATOR
from cli.client.options import print_json
from cli.client.output import say, table
from cli.compose import Composition, reachable
from cli.environment import environment
from core.service import Work
from core.services.tokens import create_token, list_tokens, revoke_token
from core.settings import Settings
from core.tables import ApiToken

app = typer.Typer()
token_app = typer.Typer(help="Bearer tokens for the REST API.", no_args_is_help=True)
app.add_typer(token_app, name="token")

AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON.")]


@contextmanager
def working() -> Iterator[Work]:
    """One transaction on the service's database."""
    with (
        reachable(Settings.from_environment(environment())) as settings,
        Composition.of(settings) as composition,
        composition.service.transaction() as work,
    ):
        yield work


@token_app.command("create")
def token_create(
    user: Annotated[str, typer.Option(help="Slack id of the person the token speaks for.")],
    name: Annotated[str, typer.Option(help="What the token is for.")],
) -> None:
    """A new token; it is printed alone on the last line, this once."""
    with working() as work:
        token = create_token(work, OPERATOR, user, name)
    typer.echo(token)


@token_app.command("list")
def token_list(as_json: AsJson = False) -> None:
    """All tokens, newest first: what they are for, and whether they are good. Not the tokens themselves."""
    with working() as work:
        tokens = list(map(_shown, list_tokens(work)))
    if as_json:
        print_json({"tokens": tokens})
    elif tokens:
        columns = ("id", "user", "name", "created_at", "revoked_at")
        table(columns, [[str(token[column] or "") for column in columns] for token in tokens])
    else:
        say("There are no tokens. `runbook token create` makes one.")


def _shown(row: ApiToken) -> dict[str, str | None]:
    return {
        "id": row.id,
        "user": row.slack_user_id,
        "name": row.name,
        "created_at": row.created_at.isoformat(timespec="seconds"),
        "revoked_at": row.revoked_at.isoformat(timespec="seconds") if row.revoked_at else None,
    }


@token_app.command("revoke")
def token_revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="tok_…; `runbook token list` shows it.")],
    as_json: AsJson = False,
) -> None:
    """Take a token back: from now on it is refused."""
    with working() as work:
        shown = _shown(revoke_token(work, OPERATOR, token_id))
    if as_json:
        print_json({"token": shown})
    else:
        say(f"{token_id} ({shown['name']}, {shown['user']}) is revoked.")
