"""`freeze` and `thaw`: pause runs, and let them continue."""

from typing import Annotated

import typer

from cli.client.connection import Answer, AsJson, Connection, Url, connect, path, print_json
from cli.client.output import say, table
from core.errors import InvalidInput, NotFound
from core.views.executions import FreezeView

app = typer.Typer()

Team = Annotated[str | None, typer.Option("--team", help="One team; by default everything.")]
EVERYTHING = "everything"


@app.command()
def freeze(
    reason: Annotated[
        str | None, typer.Argument(metavar="[REASON]", help="The reason; without one, list what is frozen.")
    ] = None,
    team: Team = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """Start nothing new, and hold each run before its next step. Without a reason, list what is frozen."""
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
    say(f"Froze {_what(view)} ({view.id}). Undo it with `runbook thaw {view.id}`.")


@app.command()
def thaw(
    id_: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="The freeze's id, frz_…; not needed if there is only one."),
    ] = None,
    team: Team = None,
    url: Url = "",
    as_json: AsJson = False,
) -> None:
    """End a freeze: held runs continue."""
    with connect(url) as connection:
        answer = connection.delete(path("freezes", id_ or _the_one(connection, team)))
    if as_json:
        print_json(answer)
        return
    view = FreezeView.model_validate(answer["freeze"])
    say(f"Thawed {_what(view)}: held runs continue.")


def _the_one(connection: Connection, team: str | None) -> str:
    """Return the id of the team's freeze, or of the only one. Raises NotFound, or InvalidInput if it is ambiguous."""
    views = [FreezeView.model_validate(each) for each in connection.get(path("freezes"))["freezes"]]
    found = [view for view in views if view.team == team] or ([] if team else views)
    if not found:
        raise NotFound(f"{team or 'Nothing'} is {'not ' if team else ''}frozen.")
    if len(found) > 1:
        ids = ", ".join(f"{view.id} ({_what(view)})" for view in found)
        raise InvalidInput(f"There are several freezes: {ids}.", hint="Give the id of one.")
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
    table(("freeze", "scope", "frozen by", "reason"), rows)


def _what(view: FreezeView) -> str:
    return view.team or EVERYTHING
