"""`freeze` and `thaw`: stopping what runs, and letting it go on."""

from typing import Annotated

import typer

from cli.client.connection import Answer, AsJson, Connection, Url, connect, path, print_json
from cli.client.output import say, table
from core.errors import InvalidInput, NotFound
from core.views.executions import FreezeView

app = typer.Typer()

Team = Annotated[str | None, typer.Option("--team", help="One team; without it, everything.")]
EVERYTHING = "everything"


@app.command()
def freeze(
    reason: Annotated[
        str | None, typer.Argument(metavar="[REASON]", help="Why; without it, what is frozen now.")
    ] = None,
    team: Team = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Start nothing new, and hold what runs before its next step; without a reason, say what is frozen."""
    with connect(url) as connection:
        if reason is None:
            _show(connection.get(path("freezes")), as_json)
            return
        body = {"reason": reason} | ({"team": team} if team else {})
        answer = connection.post(path("freezes"), body)
    if as_json:
        print_json(answer)
        return
    view = FreezeView.model_validate(answer["freeze"])
    say(f"{_what(view)} is frozen ({view.id}). `runbook thaw {view.id}` lets it go on.")


@app.command()
def thaw(
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="frz_…; without it, the one there is.")
    ] = None,
    team: Team = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Let what a freeze held go on."""
    with connect(url) as connection:
        answer = connection.delete(path("freezes", id_ or _the_one(connection, team)))
    if as_json:
        print_json(answer)
        return
    view = FreezeView.model_validate(answer["freeze"])
    say(f"{_what(view)} goes on.")


def _the_one(connection: Connection, team: str | None) -> str:
    """Of the team, or of everything. Raises NotFound, or InvalidInput where several could be meant."""
    views = [FreezeView.model_validate(each) for each in connection.get(path("freezes"))["freezes"]]
    found = [view for view in views if view.team == team] or ([] if team else views)
    if not found:
        raise NotFound(f"{team or 'Nothing'} is {'not ' if team else ''}frozen.")
    if len(found) > 1:
        ids = ", ".join(f"{view.id} ({_what(view)})" for view in found)
        raise InvalidInput(f"Which one? There are {ids}.", hint="Name its id.")
    return found[0].id


def _show(answer: Answer, as_json: bool) -> None:
    if as_json:
        print_json(answer)
        return
    views = [FreezeView.model_validate(each) for each in answer["freezes"]]
    if not views:
        say("Nothing is frozen.")
        return
    rows = [(each.id, _what(each), each.frozen_by, each.reason) for each in views]
    table(("freeze", "what", "by", "reason"), rows)


def _what(view: FreezeView) -> str:
    return view.team or EVERYTHING
