"""Checks that no runbook runs itself through the steps that run others."""

from collections.abc import Iterable, Iterator, Mapping, Set

from core.definitions.kinds import Read
from core.definitions.problems import Problem
from core.definitions.runbook import RunbookDefinition


def check_recursion(reads: Iterable[Read]) -> Iterator[Problem]:
    """Yield a Problem for each step that runs a runbook which, through its own steps, runs this one again."""
    reads = list(reads)
    runs = {
        read.definition.name: {name for step in read.definition.all_steps for name in step.child_runbooks}
        for read in reads
        if isinstance(read.definition, RunbookDefinition)
    }
    for read in reads:
        if not isinstance(read.definition, RunbookDefinition):
            continue
        for path, _ in read.definition.placed_steps():
            step = read.document.at(path)
            name = step.get("runbook") if isinstance(step, dict) and step["type"] == "runbook" else None
            if isinstance(name, str) and read.definition.name in _reached(name, runs):
                message = f"{name} runs {read.definition.name} again, so this would never end."
                yield read.document.problem((*path, "runbook"), message, "Break the circle.")


def _reached(name: str, runs: Mapping[str, Set[str]]) -> set[str]:
    """Return the runbooks that a run of `name` may run, itself included."""
    found: set[str] = set()
    ahead = [name]
    while ahead:
        here = ahead.pop()
        if here not in found:
            found.add(here)
            ahead += runs.get(here, ())
    return found
