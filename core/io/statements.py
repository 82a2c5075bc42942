"""Statements for a database, as values: what is executed where, and what came of it. core.io.sql executes them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.definitions.sql_text import Statement
from core.io.text import NO_MASK, Mask
from core.values.destinations import Destinations
from core.values.execution import Json

Parameters = Mapping[str, Json] | Sequence[Json]


@dataclass(frozen=True)
class SqlWork:
    """Statements for one transaction. `url`: of the database, with its password.

    `max_rows`: how many rows of each statement are kept. `carried`: where each secret in this may go. `mask`: hides
    secrets in the rows before they are cut.
    """

    url: str = field(repr=False)
    statements: tuple[Statement, ...]
    parameters: Parameters = field(repr=False)
    read_only: bool
    max_rows: int
    carried: tuple[Destinations, ...] = ()
    mask: Mask = NO_MASK


@dataclass(frozen=True)
class StatementResult:
    """What came of one statement. `row_count`: how many rows it returned or changed, as far as they were read.

    `is_cut`: whether there were more rows, or more in them, than is kept.
    """

    rows: tuple[Mapping[str, Json], ...] = ()
    row_count: int = 0
    is_cut: bool = False


@dataclass(frozen=True)
class SqlResult:
    """What came of the statements, in order."""

    results: tuple[StatementResult, ...]
