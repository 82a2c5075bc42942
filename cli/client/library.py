"""`list` and `show`: the runbooks and workflows in the library."""

from typing import Annotated

import typer

from bot.cards.words import one_line
from cli.client.completion import definition_names
from cli.client.connection import AsJson, Url, connect, path, print_json
from cli.client.definitions import GLOBAL, IsWorkflow, definition_view, print_definition, standing
from cli.client.output import say, table
from core.decisions.quarantine import why_it_does_not_run
from core.views.library import RunbookView, WorkflowView

app = typer.Typer()


@app.command("list")
def list_(workflow: IsWorkflow = False, url: Url = "", as_json: AsJson = False) -> None:
    """List the runbooks (or workflows) that you may see."""
    kind = "workflow" if workflow else "runbook"
    with connect(url) as connection:
        found = list(connection.every(path(f"{kind}s"), f"{kind}s"))
    if as_json:
        print_json({f"{kind}s": found})
        return
    model = WorkflowView if workflow else RunbookView
    views = sorted(map(model.model_validate, found), key=lambda view: view.name)
    if not views:
        say(f"There are no {kind}s yet. Add some with `runbook apply`.")
        return
    rows = [
        (view.name, view.team or GLOBAL, standing(view), view.approved_by or "", one_line(view.description))
        for view in views
    ]
    table((kind, "team", "status", "approved by", "description"), rows)
    for view in views:
        if view.quarantine:
            say(why_it_does_not_run(view.name, view.quarantine))


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Its name or id.", autocompletion=definition_names)],
    workflow: IsWorkflow = False,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Show a runbook (or workflow), and its changes since the approved version."""
    kind = "workflow" if workflow else "runbook"
    with connect(url) as connection:
        answer = connection.get(path(f"{kind}s", name))
    if as_json:
        print_json(answer)
    else:
        print_definition(definition_view(kind, answer[kind]))
