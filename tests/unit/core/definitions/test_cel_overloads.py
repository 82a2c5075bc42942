"""The functions of the reference, with every overload it lists: in validation, simulation and a real run alike."""

from collections.abc import Iterator
from typing import Any

import pytest

from cli.reference.expressions import expressions_page
from core.definitions.cel.expressions import compile_expression
from core.definitions.cel.functions import extra_functions
from core.definitions.cel.overloads import OVERLOADS, ZONED, Overload
from core.definitions.checks.expressions import check_expression
from core.definitions.shapes import OPEN
from core.errors import ExpressionError

AT = "2026-03-29T01:30:05.123Z"  # in Europe/Berlin summer time began half an hour ago
VALUES: dict[str, Any] = {
    "text": "abc",
    "whole": 1,
    "part": 1.5,
    "yes": True,
    "list": ["a"],
    "map": {"a": 1},
    "at": AT,
}
SCOPE = {"params": VALUES}
OF_TYPE = {
    "any": "params.whole",
    "bool": "params.yes",
    "bytes": "bytes(params.text)",
    "double": "params.part",
    "duration": 'duration("90s")',
    "int": "params.whole",
    "list": "params.list",
    "map": "params.map",
    "number": "params.part",
    "string": "params.text",
    "timestamp": "timestamp(params.at)",
    "uint": "uint(params.whole)",
}
OF_FUNCTION = {
    "base64.decode(string)": ['"YQ=="'],
    "bool(string)": ['"true"'],
    "double(string)": ['"1.5"'],
    "duration(string)": ['"1h30m"'],
    "has(member)": ["params.text"],
    "int(string)": ['"12"'],
    "timestamp(string)": ["params.at"],
    "uint(string)": ['"12"'],
}


def written(overload: Overload) -> Iterator[str]:
    """Yield the call in each form in which it can be written."""
    given = OF_FUNCTION.get(overload.signature) or [_argument(overload, kind) for kind in overload.arguments]
    target = f"{OF_TYPE[overload.target]}." if overload.target else ""
    yield f"{target}{overload.name}({', '.join(given)})"
    if overload.repeats:
        yield f"{overload.name}({', '.join(given * 3)})"
    if "number" in overload.arguments:
        yield f"{overload.name}({', '.join(['params.whole'] * len(given))})"


def _argument(overload: Overload, kind: str) -> str:
    if overload.name in ZONED:
        return '"Europe/Berlin"'
    if "name" in overload.arguments:
        return "x" if kind == "name" else "true"
    return OF_TYPE[kind]


CALLS = [call for overloads in OVERLOADS.values() for overload in overloads for call in written(overload)]


@pytest.mark.parametrize("source", CALLS)
def test_what_the_reference_lists_is_valid_and_there_in_a_run(source: str) -> None:
    assert list(check_expression(source, {"params": OPEN})) == []
    compile_expression(source).evaluate(SCOPE)


def test_the_reference_lists_every_function_with_all_its_overloads() -> None:
    text = expressions_page()
    for name, overloads in OVERLOADS.items():
        assert f"`{name}`" in text
        assert all(f"`{overload.signature}`" in text for overload in overloads)


def test_no_function_is_there_that_the_reference_does_not_list() -> None:
    assert set(extra_functions()) <= set(OVERLOADS)


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ('getHours("Europe/Berlin")', 3),
        ('getHours("America/New_York")', 21),
        ('getDate("America/New_York")', 28),
        ('getDayOfMonth("America/New_York")', 27),
        ('getDayOfWeek("America/New_York")', 6),
        ('getDayOfWeek("Europe/Berlin")', 0),
        ('getDayOfYear("Europe/Berlin")', 87),
        ('getFullYear("Pacific/Kiritimati")', 2026),
        ('getMonth("UTC")', 2),
        ('getHours("+05:30")', 7),
        ('getMinutes("-07:15")', 15),
        ('getHours("02:00")', 3),
        ('getSeconds("Asia/Tokyo")', 5),
        ('getMilliseconds("Asia/Tokyo")', 123),
    ],
)
def test_times_are_read_in_the_zone_that_is_named(call: str, value: int) -> None:
    assert compile_expression(f"timestamp(params.at).{call}").evaluate(SCOPE) == value


@pytest.mark.parametrize("name", ZONED)
@pytest.mark.parametrize("at", ["1969-12-31T23:59:59.999Z", "2024-02-29T12:00:00Z", "2026-01-01T00:00:00Z"])
def test_in_utc_a_zone_changes_nothing(name: str, at: str) -> None:
    plain, zoned = (compile_expression(f'timestamp("{at}").{name}({zone})') for zone in ("", '"UTC"'))
    assert zoned.evaluate({}) == plain.evaluate({})


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ('int(timestamp("1970-01-01T00:00:01.9Z"))', 1),
        ('int(timestamp("1969-12-31T23:59:58.5Z"))', -2),
        ("timestamp(1774747805)", "2026-03-29T01:30:05Z"),
        ('timestamp(int(timestamp("2026-03-29T01:30:05Z"))) == timestamp("2026-03-29T01:30:05Z")', True),
        ('matches("abc", "^a.c$")', True),
        ('matches("abc", "^b")', False),
    ],
)
def test_what_the_library_lacks_is_as_cel_has_it(source: str, value: object) -> None:
    assert compile_expression(source).evaluate({}) == value


@pytest.mark.parametrize(
    ("source", "message", "offset"),
    [
        ('params.at.getHours("a", "b")', "getHours cannot be called like this.", 10),
        ("getHours(params.at)", "getHours cannot be called like this.", 0),
        ('contains(params.text, "b")', "contains cannot be called like this.", 0),
        ("1 + size(params.text, 2)", "size cannot be called like this.", 4),
        ("params.text.startsWith()", "startsWith cannot be called like this.", 12),
        ("int()", "int cannot be called like this.", 0),
        ("params.whole.string()", "string cannot be called like this.", 13),
        ('params.text.matches("a", "b")', "matches cannot be called like this.", 12),
        ("timestamp(params.at, 1)", "timestamp cannot be called like this.", 0),
        ('params.text.charAt(1, "x")', "charAt cannot be called like this.", 12),
        ("math.abs(params.part, 2)", "math.abs cannot be called like this.", 0),
        ('timestamp(params.at).getHours("Europe/Berln") > 9', "there is no such time zone", 30),
        ('timestamp(params.at).getHours("Europe")', "there is no such time zone", 30),
        ('timestamp(params.at).getHours("../../etc/passwd")', "there is no such time zone", 30),
        ('timestamp(params.at).getHours("+25:00")', "there is no such time zone", 30),
    ],
)
def test_what_a_run_would_refuse_validation_refuses_where_it_stands(
    source: str, message: str, offset: int
) -> None:
    (found,) = check_expression(source, {"params": OPEN})
    assert message in found.message
    assert found.offset == offset
    with pytest.raises(ExpressionError):
        compile_expression(source).evaluate(SCOPE)


@pytest.mark.parametrize("source", ["charAt(params.text, 1)", 'split("a,b", ",")', "upperAscii(params.text)"])
def test_an_extension_may_be_called_both_ways_as_ever(source: str) -> None:
    assert list(check_expression(source, {"params": OPEN})) == []
    compile_expression(source).evaluate(SCOPE)


def test_a_zone_that_only_the_run_knows_is_told_there() -> None:
    with pytest.raises(ExpressionError, match="no such time zone"):
        compile_expression("timestamp(params.at).getHours(params.text)").evaluate(SCOPE)
