"""The cost bound of an evaluation: never below the actual cost, but close enough to accept usual expressions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.definitions.cel.cost import (
    DEEPEST_LOOPS,
    MOST_WORK,
    is_plain,
    loop_depth,
    pattern_weight,
    size_of,
    work_of,
)
from core.definitions.cel.expressions import compile_expression
from core.definitions.cel.nodes import Path
from core.definitions.cel.syntax import DEEPEST, NotUnderstood, parse
from core.errors import ExpressionError

TEXT = "a" * 1_000
NUMBERS = list(range(1_000))


def work(source: str, **variables: object) -> int:
    return work_of(parse(source), lambda path: size_of(_at(path, variables)), lambda _path: None)


def _at(path: Path, variables: dict[str, object]) -> object:
    found: object = variables.get(path.root)
    for member in path.members:
        found = found.get(member) if isinstance(found, dict) else None
    return found


@pytest.mark.parametrize(
    "source",
    [
        'incident.severity == "critical" && incident.labels.pager != ""',
        'text.split("a").map(x, x.trim()).join(",")',
        'text.replace("a", "bb").split("b").filter(x, x != "").size()',
        "numbers.map(x, x * 2)",
        "numbers.all(x, x in numbers)",
        'text.matches("^[a-z0-9-]{1,63}$")',
        'text.split("").join("-")',
    ],
)
def test_what_is_usual_is_evaluated(source: str) -> None:
    assert (
        work(source, text=TEXT[:300], numbers=NUMBERS, incident={"severity": "low", "labels": {"pager": "x"}})
        < MOST_WORK
    )


@pytest.mark.parametrize(
    "source",
    [
        'text.replace("a", text).split("").map(x, x)',
        'text.split("").map(x, x).map(x, text)',
        "numbers.all(x, numbers.all(y, numbers.all(z, true)))",
        "numbers.map(x, numbers.map(y, [y]))",
        "numbers.map(x, text + text).join(text)",
        'numbers.all(x, "a".matches("(a{30}){30}"))',
        'numbers.all(x, text.matches("a" + text))',
        "+".join(["numbers"] * 200),
        'text.split("").exists(x, text.split("").exists(y, x == y))',
        'text.replace("", text).replace("", text).size() == 1',
        'text.split("").map(x, text.replace(x, text)).size() == 1',
    ],
)
def test_what_multiplies_is_refused_before_it_begins(source: str) -> None:
    assert work(source, text=TEXT, numbers=NUMBERS) > MOST_WORK
    with pytest.raises(ExpressionError, match="would take too long"):
        compile_expression(source).evaluate({"text": TEXT, "numbers": NUMBERS})


def test_a_member_counts_alone() -> None:
    steps = {"a": {"output": NUMBERS * 1_000}, "b": {"output": ["x"]}}
    assert work("steps.b.output.map(x, x)", steps=steps) < 200


@given(st.lists(st.text(alphabet="ab,", max_size=12), max_size=12))
def test_a_list_costs_no_less_than_its_items_one_by_one(items: list[str]) -> None:
    body = 'x.split(",").map(y, y.replace("a", x)).join("")'
    apart = sum(work(body, x=item) for item in items)
    together = work(f"items.map(x, {body})", items=items)
    assert together >= apart - 10 * len(items)  # but for handing the results over


@pytest.mark.parametrize(
    ("source", "depth"),
    [
        ("1 + 1", 0),
        ("a.exists(x, x)", 1),
        ("a.all(x, b.all(y, c.exists_one(z, z)))", 3),
        ("a.filter(x, x).map(y, y)", 1),
        ("'a.map(x, x)'", 0),
        ("map(x)", 0),
        ("{'k': [a.map(x, f(b.map(y, y))[0])]}", 2),
    ],
)
def test_loops_are_counted(source: str, depth: int) -> None:
    assert loop_depth(parse(source)) == depth


def test_what_is_nested_too_deep_is_no_expression() -> None:
    with pytest.raises(ExpressionError, match=f"nested deeper than {DEEPEST} levels"):
        compile_expression("(" * 60 + "1" + ")" * 60)
    loops = "".join(f"a.all(x{i}, " for i in range(DEEPEST_LOOPS + 1))
    with pytest.raises(ExpressionError, match="has loops nested deeper"):
        compile_expression(loops + "true" + ")" * (DEEPEST_LOOPS + 1))


@pytest.mark.parametrize("source", ["a b", "(", "a.", "[1", "f(", "a ? b", ")", "a..b", "1 +", "", ":"])
def test_what_is_no_cel_is_not_understood(source: str) -> None:
    with pytest.raises(NotUnderstood):
        parse(source)


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("a.b == 'c' ? size(a) : int(b)", True),
        ("a + b + c", True),
        ("a + b + c + d + e", False),
        ("a.trim()", False),
    ],
)
def test_what_need_not_be_measured(source: str, plain: bool) -> None:
    assert is_plain(parse(source)) is plain


def test_repetitions_in_a_pattern_multiply() -> None:
    assert pattern_weight("abc") < pattern_weight("(abc){10}") < pattern_weight("((abc){10}){10}")
    assert pattern_weight(None) == pattern_weight("((a{1000}){1000}){1000}")
