"""`runbook test`: simulate the test cases of definitions without contacting external systems."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from cli.arguments import Paths
from cli.client.output import say
from core.definitions.problems import Problem
from core.definitions.validate import validate_files
from core.simulation.differences import Played, play_all

app = typer.Typer()

NONE = "These definitions contain no tests. Add some under `tests:` in a runbook."


@app.command("test")
def run_tests(
    paths: Paths,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Run the tests of runbooks as simulations; no external system is contacted."""
    definitions, problems = validate_files(paths)
    played = [] if problems else list(play_all(definitions))
    if as_json:
        typer.echo(json.dumps(_as_json(played, problems), ensure_ascii=False, indent=2))
    elif problems:
        typer.echo("\n".join(map(str, problems)), err=True)
    else:
        say("\n".join(_lines(played)))
    raise typer.Exit(0 if played and all(each.holds for each in played) else 1)


def _as_json(played: Sequence[Played], problems: Sequence[Problem]) -> dict[str, object]:
    return {
        "passed": sum(each.holds for each in played),
        "failed": sum(not each.holds for each in played),
        "cases": [_case_as_json(each) for each in played],
        "problems": [
            {
                "file": each.file,
                "line": each.line,
                "column": each.column,
                "message": each.message,
                "hint": each.hint,
            }
            for each in problems
        ],
    }


def _case_as_json(played: Played) -> dict[str, object]:
    return {
        "runbook": played.runbook,
        "name": played.case.name,
        "passed": played.holds,
        "differences": [asdict(difference) for difference in played.differences],
        "requests": played.simulation.requests,
    }


def _lines(played: Sequence[Played]) -> Iterator[str]:
    if not played:
        yield NONE
        return
    for each in played:
        yield f"{'ok    ' if each.holds else 'FAILED'}  {each.runbook}: {each.case.name}"
        yield from _difference_lines(each)
    failed = sum(not each.holds for each in played)
    yield f"{len(played)} test{'s' if len(played) > 1 else ''}, {failed} failed."


def _difference_lines(played: Played) -> Iterator[str]:
    for difference in played.differences:
        yield f"          {difference.where}"
        yield f"            - expected  {difference.expected}"
        yield f"            + got       {difference.got}"
