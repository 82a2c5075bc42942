"""`python -m fuzz.parsers NAME [options of libFuzzer]`: fuzz one parser with atheris, which is guided by coverage.

A parser refuses an input with RunbookError (or ValueError for invalid JSON). Any other error ends the run, as does an
input that exceeds libFuzzer's `-timeout` or `-rss_limit_mb`.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import atheris

with atheris.instrument_imports(include=["core", "bot"]):
    from bot.commands.parse import words_of
    from bot.rest.paging import decode_cursor
    from core.alerts.reading import read_body
    from core.alerts.vendors import PARSERS
    from core.definitions.cel.expressions import at_most, compile_expression
    from core.definitions.checks.expressions import check_expression
    from core.definitions.documents import OF_REQUESTS
    from core.definitions.durations import parse_duration
    from core.definitions.json_schema import schema_errors, schema_problems
    from core.definitions.json_text import read_json
    from core.definitions.parameters import parse_key_values
    from core.definitions.shapes import INCIDENT, OPEN
    from core.definitions.sql_text import check_reading, parse_statement
    from core.definitions.templates import render
    from core.definitions.validate import validate_text
    from core.errors import RunbookError
    from core.io.database_url import parse_database_url
    from core.io.known_hosts import known_keys
    from core.io.kubeconfig import access_from
from fuzz.seeds import SEEDS

SCOPE: Mapping[str, object] = {
    "incident": {"title": "a,b,c" * 20, "labels": {"pager": "yes"}, "severity": "high"},
    "params": {"text": "a" * 300, "list": list(range(300)), "n": 10**400},
}
WORK = 300_000  # keeps accepted inputs far from libFuzzer's timeout


def _document(data: bytes) -> None:
    validate_text(data.decode("utf-8", "replace"), "fuzz", bounds=OF_REQUESTS)


def _json(data: bytes) -> None:
    with suppress(ValueError):
        read_json(data)


def _alert(data: bytes) -> None:
    body = read_body(data[1:])
    list(PARSERS.values())[data[0] % len(PARSERS) if data else 0](body)


def _expression(data: bytes) -> None:
    source = data.decode("utf-8", "replace")
    with at_most(WORK):
        list(check_expression(source, {"incident": INCIDENT, "params": OPEN}))
        compile_expression.__wrapped__(source).evaluate(SCOPE)


def _template(data: bytes) -> None:
    with at_most(WORK):
        render(data.decode("utf-8", "replace"), SCOPE)


def _schema(data: bytes) -> None:
    with suppress(ValueError):
        schema = read_json(data)
        if isinstance(schema, dict) and not list(schema_problems(schema)):
            schema_errors(schema, {"a": ["b", 1, {"c": "a" * 300}]})


def _key_values(data: bytes) -> None:
    schema = {"properties": {"a": {"type": "array"}, "b": {"type": "integer"}, "c": {"type": "object"}}}
    parse_key_values([word.text for word in words_of(data.decode("utf-8", "replace"))], schema)


def _statement(data: bytes) -> None:
    with suppress(ValueError):
        statement = parse_statement(data.decode("utf-8", "replace"))
        statement.with_marks(str)
        check_reading(statement)


def _known_hosts(data: bytes) -> None:
    with suppress(ValueError):
        known_keys(data.decode("utf-8", "replace"), "db-1.example", 2222)


def _database_url(data: bytes) -> None:
    with suppress(ValueError):
        parse_database_url(data.decode("utf-8", "replace"))


def _kubeconfig(data: bytes) -> None:
    access_from(data.decode("utf-8", "replace"), "https://c.example", None, insecure=False)


TARGETS: Mapping[str, Callable[[bytes], object]] = {
    "document": _document,
    "aliases": _document,
    "json": _json,
    "alert": _alert,
    "expression": _expression,
    "template": _template,
    "schema": _schema,
    "words": _key_values,
    "duration": lambda data: parse_duration(data.decode("utf-8", "replace")),
    "statement": _statement,
    "known_hosts": _known_hosts,
    "database_url": _database_url,
    "kubeconfig": _kubeconfig,
    "cursor": lambda data: decode_cursor(data.decode("utf-8", "replace")),
}


def fuzz(name: str, options: Sequence[str]) -> None:
    """Fuzz the parser, and exit. `options`: of libFuzzer."""
    target = TARGETS[name]

    def once(data: bytes) -> None:
        with suppress(RunbookError):
            target(data)

    once(SEEDS[name])  # warm up, so that one-time work is not attributed to an input
    atheris.Setup([sys.argv[0], *options], once)
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz(sys.argv[1], sys.argv[2:])
