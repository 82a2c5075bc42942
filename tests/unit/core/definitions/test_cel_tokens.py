"""What the tokens of CEL source reveal: calls, loops, references."""

import pytest

from core.definitions.cel.tokens import calls, references, tokens


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("incident.severity == 'critical'", ["incident.severity"]),
        (
            "incident.labels['pager'] + incident.labels[\"x.y\"]",
            ["incident.labels.pager", "incident.labels.x.y"],
        ),
        ("steps.lag.saved.lag < params.most", ["steps.lag.saved.lag", "params.most"]),
        ("incident.title.contains(params.text)", ["incident.title", "params.text"]),
        ("size(response.json)", ["response.json"]),
        ("response.json[0].name", ["response.json"]),
        ("params[incident.severity]", ["params", "incident.severity"]),
        ("'incident.title' + r'secrets.X' + \"\"\"params.y\"\"\" + b'a.b'", []),
        ("a // b.c\n + d", ["a", "d"]),
        ("true && false || null == x", ["x"]),
        ("x in [y]", ["x", "y"]),
        ("{'a': b, c: d}", ["b", "c", "d"]),
        ("math.abs(x) + base64.encode(y)", ["x", "y"]),
        ("[1].exists(x, x == y) && x", ["y", "x"]),
        ("a.map(x, b.filter(y, x == y && c.d)).size()", ["a", "b", "c.d"]),
        ("[a][0].b", ["a"]),
        ("f(a).b.c", ["a"]),
        ("a . b . c", ["a.b.c"]),
        ("'\\'' + a.b", ["a.b"]),
        ("1.5 + .5 + a", ["a"]),
        ("timestamp(a.b).getHours()", ["a.b"]),
        ("a ? b : c", ["a", "b", "c"]),
        ("!a && -b < 0x1F", ["a", "b"]),
    ],
)
def test_references_are_what_an_expression_names(source: str, paths: list[str]) -> None:
    assert [reference.path for reference in references(source)] == paths


def test_a_reference_knows_where_it_stands() -> None:
    source = "1 + incident.labels['é'] + has(params.x)"
    first, second = references(source)
    assert source[first.offset : first.end] == "incident.labels['é']"
    assert (first.in_has, second.in_has) == (False, True)


def test_a_reference_with_a_computed_index_is_dynamic() -> None:
    assert [reference.dynamic for reference in references("secrets[params.x]")] == [True, False]


def test_calls_come_with_their_namespace() -> None:
    assert [call.text for call in calls("size(a.trim()) + math.abs(b) + c.abs(d)")] == [
        "size",
        "trim",
        "math.abs",
        "abs",
    ]


@pytest.mark.parametrize("source", ["'unclosed", '"""', "@#$", "\0", "a'b'c\"", "((((", "r'\\'"])
def test_what_is_no_cel_still_has_tokens(source: str) -> None:
    assert "".join(token.text for token in tokens(source)) == source
    references(source)
