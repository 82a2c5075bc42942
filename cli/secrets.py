"""`secrets list` and `secrets suggest`: declared secrets, and declarations that are missing. Never prints a value."""

import os
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlsplit

import typer

from cli.client.connection import print_json
from cli.client.output import say, table
from cli.operator import OPERATOR
from cli.tokens import working
from core.definitions.yaml_format import to_yaml
from core.errors import RunbookError
from core.io.secret_sources import EnvironmentSecrets
from core.services.access.secret_suggestions import misused_secrets, suggested_secrets
from core.services.access.secrets import list_secrets
from core.tables import JsonObject
from core.values.secret_places import VARIABLE_PREFIX

app = typer.Typer()
secrets_app = typer.Typer(help="Declarations of secrets.", no_args_is_help=True)
app.add_typer(secrets_app, name="secrets")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@secrets_app.command("list")
def secrets_list(as_json: AsJson = False) -> None:
    """List the declared secrets: who may use them, and where they may be sent."""
    with working() as work:
        documents = [row.definition for row in list_secrets(work, OPERATOR)]
    if as_json:
        print_json({"secrets": documents})
    elif documents:
        table(("name", "source", "teams", "hosts", "types"), list(map(_row, documents)))
    else:
        say("No secrets are declared. `runbook secrets suggest` shows what the library needs.")


def _row(document: JsonObject) -> list[str]:
    lists = (" ".join(document.get(name, ())) for name in ("teams", "hosts", "types"))
    return [document["name"], " ".join(map(str, document["source"].values())), *lists]


@secrets_app.command("suggest")
def secrets_suggest(as_json: AsJson = False) -> None:
    """Print declarations for secrets that are used but not declared, for you to review, correct and apply."""
    with working() as work:
        documents, misused = suggested_secrets(work, hosts_of(os.environ)), misused_secrets(work)
    if as_json:
        print_json({"secrets": documents, "misused": misused})
        return
    for sentence in misused:
        typer.echo(f"# {sentence}")
    typer.echo(
        "---\n".join(map(to_yaml, documents)) or "# Every secret that the library uses is declared.", nl=False
    )


def hosts_of(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the host (and port) of each secret in `environ` that is an HTTP address, by the secret's name."""
    secrets, found = EnvironmentSecrets(environ), dict[str, str]()
    for variable in secrets.variables():
        try:
            parts = urlsplit(secrets.read(variable))
            host, port = parts.hostname, parts.port
        except (ValueError, RunbookError):
            continue
        if host and parts.scheme in ("http", "https"):
            found[variable.removeprefix(VARIABLE_PREFIX)] = f"{host}:{port}" if port else host
    return found
