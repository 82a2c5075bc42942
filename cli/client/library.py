"""`list` and `show`: the runbooks that there are."""

from typing import Annotated

import typer

from bot.cards.words import one_line
from bot.commands.usage import usage_line
from cli.client.options import AsJson, Url, connect, path, print_json
from cli.client.output import facts, say, table
from core.decisions.quarantine import UNTIL, why_it_does_not_run
from core.definitions.parameters import declared
from core.library_views import RunbookView, RunbookWithDiff
from core.statuses import ApprovalStatus

app = typer.Typer()

GLOBAL = "global"


@app.command("list")
def list_(url: Url = "", as_json: AsJson = False) -> None:
    """The runbooks that you may see."""
    with connect(url) as connection:
        found = list(connection.every(path("runbooks"), "runbooks"))
    if as_json:
        print_json({"runbooks": found})
        return
    views = sorted(map(RunbookView.model_validate, found), key=lambda view: view.name)
    if not views:
        say("There are no runbooks yet. `runbook apply` brings some.")
        return
    rows = [(view.name, view.team or GLOBAL, _standing(view), one_line(view.description)) for view in views]
    table(("runbook", "team", "status", "description"), rows)
    for view in views:
        if view.quarantine:
            say(why_it_does_not_run(view.name, view.quarantine))


def _standing(view: RunbookView) -> str:
    if view.status is ApprovalStatus.APPROVED:
        return view.status.value
    return f"{'under quarantine' if view.quarantine else view.status.value}, does not run"


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="The runbook's name or id.")],
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """What a runbook does, how to run it, and what it changes in the version that was approved."""
    with connect(url) as connection:
        answer = connection.get(path("runbooks", name))
    if as_json:
        print_json(answer)
        return
    view = RunbookWithDiff.model_validate(answer["runbook"])
    print_runbook(view)
    print_changes(view)


def print_runbook(view: RunbookView) -> None:
    schema = view.definition.get("parameters") or {}
    usage = usage_line("runbook", view.name, schema).replace(view.name, f"{view.name} --incident ID", 1)
    say(f"{view.name} v{view.version}, {_standing(view)}")
    facts(
        [
            ("id", view.id),
            ("team", view.team or GLOBAL),
            ("quarantine", f"{view.quarantine} {UNTIL}" if view.quarantine else ""),
            ("description", view.description),
            ("written by", view.changed_by),
            ("run it", usage),
        ]
    )
    described = [(name, _described(inner)) for name, inner in declared(schema).items()]
    if described:
        say("")
        table(("parameter", "description"), described)
    say("")
    steps = [
        (step["id"], step["type"], one_line(step.get("name") or "")) for step in view.definition["steps"]
    ]
    table(("step", "type", "name"), steps)


def print_changes(view: RunbookWithDiff) -> None:
    """What an approver must see; nothing for what is approved."""
    if view.status is ApprovalStatus.APPROVED:
        return
    say("")
    if view.diff is None:
        say("No version of it was approved yet.")
    elif not view.diff:
        say(f"It says the same as v{view.approved_version}, which was approved.")
    else:
        say(f"It changes v{view.approved_version}, which was approved:\n\n{view.diff.rstrip()}")


def _described(schema: object) -> str:
    return one_line(str(schema.get("description", ""))) if isinstance(schema, dict) else ""
