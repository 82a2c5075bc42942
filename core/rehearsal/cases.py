"""All the cases of definitions, played one after the other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from core.definitions.cases import Case
from core.definitions.kinds import AnyDefinition
from core.definitions.runbook import RunbookDefinition

from .differences import Difference, differences
from .rehearse import Rehearsal, rehearse


@dataclass(frozen=True)
class Played:
    """A case of a runbook, how it went, and what came otherwise than expected."""

    runbook: str
    case: Case
    rehearsal: Rehearsal
    differences: list[Difference]

    @property
    def holds(self) -> bool:
        return not self.differences


def play_all(definitions: Iterable[AnyDefinition]) -> Iterator[Played]:
    """In the order in which they stand."""
    for definition in definitions:
        if isinstance(definition, RunbookDefinition):
            for case in definition.tests:
                rehearsal = rehearse(definition, case)
                yield Played(definition.name, case, rehearsal, differences(case, rehearsal))
