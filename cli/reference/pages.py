"""`runbook reference`: write the reference pages."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from cli.reference.commands import commands_page
from cli.reference.errors import errors_page
from cli.reference.expressions import expressions_page
from cli.reference.policy import policy_page
from cli.reference.rest import rest_page
from cli.reference.types import actions_page, secrets_page, steps_page, triggers_page
from cli.reference.words import words_page

PAGES: Mapping[str, Callable[[], str]] = {
    "steps.md": steps_page,
    "actions.md": actions_page,
    "triggers.md": triggers_page,
    "secrets.md": secrets_page,
    "expressions.md": expressions_page,
    "commands.md": commands_page,
    "rest.md": rest_page,
    "errors.md": errors_page,
    "policy.md": policy_page,
    "words.md": words_page,
}

app = typer.Typer()


@app.command()
def reference(
    directory: Annotated[Path, typer.Argument(help="The folder to write to; created if missing.")],
) -> None:
    """Write the reference pages, generated from the registered types and commands."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, make in PAGES.items():
        (directory / name).write_text(make(), encoding="utf-8")
    typer.echo(f"Wrote {len(PAGES)} pages to {directory}.")
