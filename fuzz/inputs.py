"""Strategies for inputs: documents, expressions, schemas, JSON and commands, about half of them hostile."""

import json
from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(
    ["params.text", "params.free", "incident", "incident.title", "x", "y", '"a,b"', "[1, 2]", "1"]
)
WORDS = st.text(max_size=30) | st.sampled_from(
    ["a" * 5_000, "\0", "{{", "}}", "\ud800", "é" * 900, "(a+)+$", ""]
)
NUMBERS = st.sampled_from(
    ["9" * 400, "1e999", "NaN", "-Infinity", "9223372036854775808", "1e-999", "-0", "0.1"]
)
CALLS = st.sampled_from(
    [
        "{0}.split({1})",
        "{0}.replace({0}, {1})",
        "{0}.map(x, {1})",
        "{0}.filter(y, {1})",
        "{0}.all(x, {1})",
        "{0} + {1}",
        "{0}.exists(y, {1})",
        "{0}.join({1})",
        "{0}.matches({1})",
        "({0})",
        "[{0}, {1}]",
        '{{"k": {0}}}',
        "{0}[{1}]",
        "{0} ? {1} : {0}",
        "!{0}",
        "-{0}",
        "{0} in {1}",
        "size({0})",
        "string({0})",
        "{0}.trim()",
        "math.greatest({0}, {1})",
    ]
)
EXPRESSIONS = st.recursive(
    NAMES | WORDS.map(lambda word: json.dumps(word[:200])) | NUMBERS,
    lambda inner: st.builds(lambda call, one, two: call.format(one, two), CALLS, inner, inner),
    max_leaves=25,
)
TEMPLATES = st.builds(lambda before, placeholder: f"{before[:40]}{{{{ {placeholder} }}}}", WORDS, EXPRESSIONS)

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | WORDS
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(WORDS.map(str), inner, max_size=6),
    max_leaves=30,
)
PATTERNS = st.sampled_from(
    ["^(a+)+$", "(a|b)*a(a|b){900}c", "(a{1000}){1000}", "(?=a)b", r"(\w+\s?)+$", "[", r"\pL*"]
)
SCHEMAS: st.SearchStrategy[Any] = st.recursive(
    st.sampled_from([{}, {"type": "string"}, {"type": "integer"}, {"$ref": "#/$defs/a"}, {"$ref": "#"}, True])
    | PATTERNS.map(lambda pattern: {"pattern": pattern, "default": "a" * 60 + "b"})
    | VALUES.map(lambda value: {"default": value, "enum": [value]}),
    lambda inner: (
        st.builds(
            lambda key, one: {key: one}, st.sampled_from(["not", "items", "contains", "if", "else"]), inner
        )
        | st.builds(
            lambda key, several: {key: several},
            st.sampled_from(["allOf", "anyOf", "oneOf"]),
            st.lists(inner, max_size=4),
        )
        | st.builds(
            lambda key, one, word: {key: {word[:20]: one, "a": one}},
            st.sampled_from(["properties", "patternProperties", "$defs"]),
            inner,
            WORDS,
        )
    ),
    max_leaves=25,
)
STEPS = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b", "c"]),
        "type": st.sampled_from(["message", "http", "shell", "approval", "no"]),
    },
    optional={
        "text": TEMPLATES,
        "url": TEMPLATES,
        "if": EXPRESSIONS,
        "json": st.dictionaries(st.sampled_from("abc"), TEMPLATES | VALUES, max_size=4),
        "argv": st.lists(TEMPLATES, max_size=4),
        "save": st.dictionaries(st.sampled_from(["p", "q"]), EXPRESSIONS, max_size=3),
        "timeout": WORDS | st.sampled_from(["1d" * 50_000, "99999999999d", "5s"]),
    },
)
RUNBOOKS = st.fixed_dictionaries(
    {
        "kind": st.just("runbook"),
        "name": st.sampled_from(["one", "two", "all-kinds"]),
        "team": st.just("data"),
    },
    optional={
        "steps": st.lists(STEPS, max_size=12),
        "parameters": SCHEMAS | VALUES,
        "lock": TEMPLATES,
        "description": WORDS,
        "tests": VALUES,
    },
)
WORKFLOWS = st.fixed_dictionaries(
    {"kind": st.just("workflow"), "name": st.sampled_from(["one", "two"]), "team": st.just("data")},
    optional={
        "trigger": st.sampled_from(
            [{"on": "incident.created"}, {"on": "manual"}, {"on": "incident.age", "minutes": 1}]
        ),
        "when": EXPRESSIONS,
        "actions": st.lists(STEPS, max_size=12),
    },
)
RAW = st.sampled_from(
    [
        b"[" * 200000,
        b'{"a":' * 5000,
        b"---\n" * 60000,
        b"kind: runbook\n" + b"? " * 90000,
        b"&a [*a, *a]",
        b"\xff\xfe",
        b"a: [" + b"a, " * 120000 + b"]",
        b"'" * 250000,
        b'{"a": ' + b"9" * 5000 + b"}",
        b"a: |\n" + b" x\n" * 80000,
        b'"' + b'\\"' * 120000,
        b"{{ a } " * 30000,
        b"- " * 90000,
        b"%TAG ! tag:x:\n--- !x 1",
        b"a: " + b"1d" * 99000,
    ]
)
DOCUMENTS = (RUNBOOKS | WORKFLOWS).map(lambda document: json.dumps(document).encode("utf-8", "surrogatepass"))
BODIES = DOCUMENTS | RAW | st.binary(max_size=300)


def values_as_json(value: object) -> bytes:
    """Return JSON as Python writes it, including NaN and Infinity, which are not valid JSON."""
    return json.dumps(value).encode("utf-8", "surrogatepass")
