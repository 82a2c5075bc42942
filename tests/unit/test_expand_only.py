"""Migrations only expand: the release before works with what they leave. What else is done is a contract step.

A contract step sets `contracts` to the release that stopped using what it takes away, and may ship after that one.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FIRST = "0016"  # the ones before are older than any release that can run beside this one
MIGRATIONS = [
    path for path in sorted((ROOT / "migrations/versions").glob("[0-9]*.py")) if path.name[:4] >= FIRST
]
RELEASES = re.findall(r"^## \[?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)

# What takes something away from code that is running, or asks for something that it does not give.
CONTRACTING = frozenset(
    {
        "drop_table",
        "drop_column",
        "rename_table",
        "create_check_constraint",
        "create_unique_constraint",
        "create_foreign_key",
        "create_exclude_constraint",
    }
)
SQL = re.compile(
    r"\bDROP\s+(TABLE|COLUMN|VIEW|TYPE|FUNCTION|SCHEMA|DEFAULT)\b|\bRENAME\b|\bSET\s+(NOT\s+NULL|DATA\s+TYPE)\b"
    r"|\bALTER\s+(COLUMN\s+)?\w+\s+TYPE\b|\bADD\s+(CONSTRAINT|CHECK|UNIQUE|FOREIGN)\b|\bREVOKE\b|\bTRUNCATE\b",
    re.IGNORECASE,
)


def contracting(source: str) -> Iterator[str]:
    """Yield what a migration's upgrade contracts. Its downgrade, which nothing calls, may contract."""
    tree = ast.parse(source)
    tree.body = [
        node for node in tree.body if not (isinstance(node, ast.FunctionDef) and node.name == "downgrade")
    ]
    words = ast.get_docstring(tree, clean=False)
    new = set(_new_columns(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield from _in_call(node.func.attr, node, new)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value != words:
            yield from (match.group() for match in SQL.finditer(node.value))


def _new_columns(tree: ast.Module) -> Iterator[str]:
    """Yield the names of the columns that the migration makes: the release before writes nothing into them."""
    for node in ast.walk(tree):
        if _is_column(node) and isinstance(node, ast.Call) and isinstance(node.args[0], ast.Constant):
            yield str(node.args[0].value)


def _is_column(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "Column"


def _in_call(name: str, call: ast.Call, new: set[str]) -> Iterator[str]:
    given = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in CONTRACTING:
        yield name
    if name == "alter_column":
        yield from (f"alter_column {each}" for each in ("new_column_name", "type_") if each in given)
        if _is(given.get("nullable"), False) or _is(given.get("server_default"), None):
            yield "alter_column to NOT NULL, or without its default"
    if name == "create_index" and _is(given.get("unique"), True):
        over = {each.value for each in ast.walk(call.args[2]) if isinstance(each, ast.Constant)}
        yield from () if over & new else ("create_index, unique",)
    if name == "add_column":
        yield from _in_column(call)


def _in_column(call: ast.Call) -> Iterator[str]:
    for column in ast.walk(call):
        if isinstance(column, ast.Call) and _is_column(column):
            given = {keyword.arg: keyword.value for keyword in column.keywords}
            if _is(given.get("nullable"), False) and "server_default" not in given:
                yield "add_column NOT NULL without a default"


def _is(node: ast.expr | None, value: object) -> bool:
    return isinstance(node, ast.Constant) and node.value is value


def contract_of(source: str) -> str | None:
    """The release that a migration names with `contracts`."""
    assigned = (node for node in ast.parse(source).body if isinstance(node, ast.Assign))
    named = (node for node in assigned if "contracts" in map(ast.unparse, node.targets))
    return next((str(ast.literal_eval(node.value)) for node in named), None)


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: path.stem)
def test_a_migration_only_expands_or_names_the_release_that_lets_it_contract(path: Path) -> None:
    source = path.read_text()
    found, contract = list(contracting(source)), contract_of(source)
    if contract is None:
        assert found == [], "Expand only, or set `contracts` to the release that stopped using it."
    else:
        assert found, "It contracts nothing: leave out `contracts`."
        assert contract in RELEASES, f"There is no release {contract}."


def test_there_are_migrations_to_look_at() -> None:
    assert len(MIGRATIONS) > 10


@pytest.mark.parametrize(
    "statement",
    [
        'op.drop_column("teams", "outcome")',
        'op.drop_table("teams")',
        'op.rename_table("teams", "groups")',
        'op.alter_column("teams", "name", new_column_name="title")',
        'op.alter_column("teams", "name", type_=sa.Integer())',
        'op.alter_column("teams", "name", nullable=False)',
        'op.alter_column("teams", "name", server_default=None)',
        'op.add_column("teams", sa.Column("rank", sa.Integer(), nullable=False))',
        'op.create_index("uq", "teams", ["name"], unique=True)',
        'op.create_check_constraint("ck", "teams", "rank > 0")',
        'op.execute("ALTER TABLE teams ALTER COLUMN rank TYPE bigint")',
        'op.execute(f"ALTER TABLE {table} RENAME COLUMN rank TO place")',
        'op.execute("ALTER TABLE teams ALTER rank SET NOT NULL")',
    ],
)
def test_what_breaks_the_release_before_is_found(statement: str) -> None:
    assert list(contracting(f"def upgrade() -> None:\n    {statement}\n"))


@pytest.mark.parametrize(
    "statement",
    [
        'op.create_table("groups", sa.Column("id", sa.Text(), nullable=False))',
        'op.add_column("teams", sa.Column("rank", sa.Integer(), nullable=True))',
        'op.add_column("teams", sa.Column("rank", sa.Integer(), server_default="0", nullable=False))',
        'op.create_index("ix", "teams", ["name"])',
        'op.drop_index("ix_teams_name")',
        'op.alter_column("teams", "name", nullable=True)',
    ],
)
def test_what_expands_is_let_through(statement: str) -> None:
    assert list(contracting(f"def upgrade() -> None:\n    {statement}\n")) == []
