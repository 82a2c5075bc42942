"""`status --watch`: a run as it goes, redrawn in a terminal, a line for each change elsewhere."""

import json
import sys
import time
from collections.abc import Callable

import typer
from rich.console import Group
from rich.live import Live

from cli.client.connection import Answer, Connection, path
from cli.client.execution import drawn, print_execution
from cli.client.following import answers, follow
from cli.client.output import console, say
from core.views.executions import ExecutionView

Pause = Callable[[float], None]


def watch(connection: Connection, id_: str, *, as_json: bool, pause: Pause = time.sleep) -> ExecutionView:
    """Show the run whenever it has changed, until it ends. Returns its final state."""
    first = connection.get(path("runbooks", "executions", id_))
    view = ExecutionView.model_validate(first["execution"])
    if as_json:
        return _lines(connection, first, view, pause)
    if not console().is_terminal:
        return follow(connection, view, say, pause)
    return _redraw(connection, view, pause)


def _lines(connection: Connection, known: Answer, view: ExecutionView, pause: Pause) -> ExecutionView:
    """Print the run's JSON, one line for each of its states; what goes wrong meanwhile, to standard error."""
    _print_line(known)
    for answer in answers(connection, view, _complain, pause):
        if answer != known:
            _print_line(answer)
        known = answer
    return ExecutionView.model_validate(known["execution"])


def _print_line(answer: Answer) -> None:
    typer.echo(json.dumps(answer["execution"], ensure_ascii=False))
    sys.stdout.flush()


def _complain(line: str) -> None:
    typer.echo(line, err=True)


def _redraw(connection: Connection, view: ExecutionView, pause: Pause) -> ExecutionView:
    """Draw the run in place. What is too long for the terminal is cut while it goes on, and whole at its end."""
    with Live(Group(*drawn(view)), console=console(), auto_refresh=False, transient=True) as live:
        for answer in answers(connection, view, live.console.print, pause):
            view = ExecutionView.model_validate(answer["execution"])
            live.update(Group(*drawn(view)), refresh=True)
    print_execution(view)
    return view
