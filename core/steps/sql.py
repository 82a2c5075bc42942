"""The `sql` step: execute statements in a database."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from core.definitions.fields import CelField, SavedName, TemplateJson
from core.definitions.sql_text import Statement, check_reading, parse_statement
from core.definitions.steps import StepDefinition
from core.effects.statements import prepare_statements
from core.execution.preparation import Context, Prepared
from core.steps.ssh import Credential

MOST_STATEMENTS = 20
MOST_ROWS = 1_000
AnswerCondition = Annotated[str, CelField(roots=("answer",), condition=True)]
AnswerExpression = Annotated[str, CelField(roots=("answer",))]


def _refuse_template(value: object) -> object:
    if isinstance(value, str) and "{{" in value:
        raise PydanticCustomError(
            "template_in_statement",
            "No value may become part of a statement. Write %(name)s, and give the value under parameters.",
        )
    return value


StatementText = Annotated[str, BeforeValidator(_refuse_template), Field(min_length=1, max_length=20_000)]
Parameters = dict[str, TemplateJson] | tuple[TemplateJson, ...]


class SqlStep(StepDefinition):
    """Execute one or more statements in a PostgreSQL, MariaDB or MySQL database, in one transaction.

    Values are bound: a statement has `%(name)s` (or `%s`, in order) where `parameters` has the value, and `%%` for a
    percent sign. `{{ … }}` is not allowed in a statement. The step begins and ends the transaction itself.

    By default the step only reads. The server enforces that with a read-only transaction, and the step refuses
    statements other than SELECT, WITH, VALUES, TABLE, SHOW, EXPLAIN and DESCRIBE. Such a step may be repeated, so it
    is, if its worker is lost. With `read_only: false` it is repeated only with `retry: {safe: true}`.

    A secret is used only if its declaration lists the type `sql`; if it lists hosts, it is sent only to those.
    RUNBOOK_EGRESS says which hosts may be reached.

    What it cannot know: if the connection is lost while the transaction is committed, nobody knows whether it was; then
    the channel is asked. Before, it was not, and the step has failed. A function may do something that no transaction
    contains, such as ending a connection or calling another server. Known ones (`pg_terminate_backend`, `dblink` …)
    need `read_only: false`; of others it knows nothing, so give the step a database user who may do no more than
    needed. MariaDB and MySQL commit definitions of tables at once, and do not undo changes of tables without
    transactions; if something fails after that, the channel is asked.
    """

    acts_through = "sql"
    example = """
id: slow_queries
type: sql
url: "{{ secrets.ORDERS_DB }}"
statement: >
  SELECT pid, usename, query FROM pg_stat_activity
  WHERE state = 'active' AND datname = %(database)s AND now() - query_start > %(limit)s::interval
parameters: {database: "{{ params.cluster }}", limit: 5 minutes}
max_rows: 20
expect: answer.row_count < 20
save: {pids: "answer.rows.map(row, row.pid)"}
timeout: 10s
"""

    type: Literal["sql"]
    url: Credential
    """The URL of the database, as one secret: `postgresql://USER:PASSWORD@HOST:5432/NAME?sslmode=verify-full`, or
    `mariadb://…`, `mysql://…`. Its options may be `sslmode` and `sslrootcert`, as in libpq."""
    statement: StatementText | None = None
    """The statement."""
    statements: Annotated[tuple[StatementText, ...], Field(max_length=MOST_STATEMENTS)] = ()
    """The statements, in order, instead of `statement`. If one fails, all are rolled back."""
    parameters: Parameters = {}
    """The values by name; or, for one statement with `%s`, in order. A value that is a single `{{ … }}` keeps its type.
    A list is an array in PostgreSQL; a mapping is JSON."""
    read_only: bool = True
    """Whether the statements only read."""
    max_rows: Annotated[int, Field(ge=0, le=MOST_ROWS)] = 100
    """How many rows of each statement are kept; `is_cut` in the output says that there were more. All rows together
    are limited to 64 KB."""
    expect: AnswerCondition | None = None
    """The condition for success, over `answer.rows`, `.row_count` and `.is_cut` of the last statement, and
    `answer.results`, a list of these for all statements. It is evaluated after the commit."""
    save: dict[SavedName, AnswerExpression] = {}
    """Values to save from the answer. Later steps read them as `steps.ID.saved.NAME`."""

    def prepare(self, context: Context) -> Prepared:
        return prepare_statements(self, context)

    @property
    def only_reads(self) -> bool:
        """Whether it may be repeated: it changes nothing."""
        return self.read_only

    @property
    def texts(self) -> tuple[str, ...]:
        """The statements as they are written."""
        return self.statements if self.statement is None else (self.statement,)

    @property
    def parsed(self) -> tuple[Statement, ...]:
        """The statements, ready for a server."""
        return tuple(parse_statement(text) for text in self.texts)

    @model_validator(mode="after")
    def _check(self) -> "SqlStep":
        if (self.statement is None) == (not self.statements):
            raise PydanticCustomError("statements", "Give either statement or statements.")
        try:
            for statement in self.parsed:
                if self.read_only:
                    check_reading(statement)
            for problem in _parameter_problems(self.parsed, self.parameters):
                raise ValueError(problem)
        except ValueError as error:
            raise PydanticCustomError("statement", "{reason}", {"reason": str(error)}) from None
        return self


def _parameter_problems(
    statements: tuple[Statement, ...], given: dict[str, JsonValue] | tuple[JsonValue, ...]
) -> Iterator[str]:
    """Yield what does not fit between placeholders and parameters."""
    names = [name for statement in statements for name in statement.names]
    if isinstance(given, tuple):
        if len(statements) > 1:
            yield "With several statements, give the parameters by name: {name: value}."
        if any(name is not None for name in names) or len(names) != len(given):
            yield f"The statement has {names.count(None)} %s, and parameters has {len(given)} values."
        return
    if None in names:
        yield "%s needs parameters as a list. To give them by name, write %(name)s."
    for name in sorted({name for name in names if name is not None} - given.keys()):
        yield f"%({name})s has no value under parameters."
    for name in sorted(given.keys() - set(names)):
        yield f"The parameter {name} is not used: no statement has %({name})s."
