"""Secrets in definitions: used whole or not at all, and who may use which."""

import pytest

from core.definitions.cel.expressions import compile_expression
from core.definitions.checks.secrets import Known
from core.definitions.secret import SecretDefinition, SecretUse, check_use
from core.definitions.secrets import MISUSED, SecretPlaces, named_secrets, whole_secret, with_places_masked
from core.definitions.templates import render
from core.definitions.validate import validate_text
from core.errors import ExpressionError, NotAllowed, NotFound, RunbookError
from core.execution.secrets import SecretScope
from core.values.destinations import Destinations, check_destination

RUNBOOK = """
kind: runbook
name: call
team: data
steps:
  - id: call
    type: http
    url: https://api.data.example/x
    headers: {Authorization: "Bearer TEXT"}
"""
DECLARED = """
kind: secret
name: TOKEN
source: {env: RUNBOOK_SECRET_TOKEN}
teams: [data]
hosts: [api.data.example]
"""
OTHERWISE = [
    "secrets.TOKEN.reverse()",
    'secrets.TOKEN + "x"',
    '"x" + secrets.TOKEN',
    'secrets.TOKEN == "x"',
    'secrets.TOKEN.startsWith("x")',
    "size(secrets.TOKEN)",
    'secrets["TOKEN"]',
    "secrets.TOKEN[0]",
    "secrets.TOKEN.inner",
    "secrets",
    "[secrets.TOKEN]",
    '{"a": secrets.TOKEN}',
    "has(secrets.TOKEN)",
    'true ? secrets.TOKEN : ""',
    "(secrets.TOKEN)",
    "[1].map(x, secrets.TOKEN)",
    'secrets.exists(x, x == "TOKEN")',
    ".secrets.TOKEN",
    '"TOKEN" in secrets',
    "secrets . TOKEN",
]


def values(scope: dict[str, str]) -> SecretScope:
    return SecretScope(lambda name: (scope[name], Destinations(name, ())))


def test_a_secret_stands_whole_wherever_a_text_has_it() -> None:
    scope = values({"A": "one", "B": "two"})
    rendered = render({"x": ["{{ secrets.A }}", "a {{secrets.B}} {{ secrets.A }}"]}, {"secrets": scope})
    assert rendered == {"x": ["one", "a two one"]}
    assert [each.name for each in scope.carried] == ["A", "B"]
    assert scope.apart().carried == ()


def test_what_is_shown_has_the_place_marked_whatever_the_secret_is() -> None:
    text = {"url": "https://x/{{ secrets.A }}?b={{ 1 + 1 }}"}
    assert render(text, {"secrets": SecretPlaces()}) == {"url": "https://x/{{ secrets.A }}?b=2"}
    assert with_places_masked("https://x/{{ secrets.A }}", "***") == "https://x/***"


@pytest.mark.parametrize("source", OTHERWISE)
def test_any_other_use_is_refused_when_it_runs_too(source: str) -> None:
    scope = {"secrets": values({"TOKEN": "hunter2-of-data"})}
    with pytest.raises(ExpressionError) as raised:
        render(f"{{{{ {source} }}}}", scope)
    assert "hunter2" not in str(raised.value)
    with pytest.raises(ExpressionError):
        compile_expression(source).evaluate(scope)
    assert whole_secret(source) is None


@pytest.mark.parametrize("source", OTHERWISE)
def test_any_other_use_is_refused_with_its_place_by_validation(source: str) -> None:
    text = RUNBOOK.replace('"Bearer TEXT"', f"'Bearer {{{{ {source} }}}}'")
    _, problems = validate_text(text, "f.yaml")
    assert any(problem.line == 9 and MISUSED in problem.message for problem in problems), problems


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("    if: secrets.TOKEN == 'x'", 10),
        ("    expect: response.text == secrets.TOKEN", 10),
        ("    save: {a: secrets.TOKEN}", 10),
        ("    expect: secrets.TOKEN", 10),
    ],
)
def test_no_condition_and_nothing_kept_names_a_secret(field: str, line: int) -> None:
    _, problems = validate_text(f"{RUNBOOK}{field}\n", "f.yaml")
    assert [(problem.line, problem.message) for problem in problems] == [(line, MISUSED)]


def test_no_key_names_a_secret() -> None:
    text = f'{RUNBOOK}    json: {{a: [{{"x {{{{ secrets.TOKEN }}}}": 1}}]}}\n'
    _, problems = validate_text(text, "f.yaml")
    assert [str(problem) for problem in problems] == [
        "f.yaml:10:17: A secret cannot be used in a key. Use it in the value."
    ]


def use(team: str | None = "data", type_: str = "http", *, keeps: bool = True) -> SecretUse:
    return SecretUse(team, type_, keeps_to_hosts=keeps)


def declared(**fields: object) -> SecretDefinition:
    source = {"env": "RUNBOOK_SECRET_TOKEN"}
    return SecretDefinition.model_validate({"kind": "secret", "name": "TOKEN", "source": source, **fields})


HOSTS = {"hosts": ["api.data.example"]}


@pytest.mark.parametrize(
    ("fields", "wanted", "said"),
    [
        ({**HOSTS, "teams": ["data"]}, use(), None),
        ({**HOSTS, "teams": ["data"]}, use(None), None),
        (HOSTS, use(None), None),
        (HOSTS, use(), "There is no secret TOKEN that definitions of team data may use."),
        (
            {**HOSTS, "teams": ["web"]},
            use(),
            "There is no secret TOKEN that definitions of team data may use.",
        ),
        ({**HOSTS, "teams": ["data"]}, use(type_="shell", keeps=False), "A step of type shell may not use"),
        ({**HOSTS, "teams": ["data"], "types": ["shell"]}, use(type_="shell", keeps=False), None),
        ({"teams": ["data"], "types": ["shell"]}, use(), "A step of type http may not use the secret TOKEN"),
        ({"teams": ["data"], "types": ["http"]}, use(), "The secret TOKEN may not be sent anywhere"),
    ],
)
def test_who_may_use_it(fields: dict[str, object], wanted: SecretUse, said: str | None) -> None:
    if said is None:
        assert check_use("TOKEN", declared(**fields), wanted).name == "TOKEN"
        return
    with pytest.raises(RunbookError, match=said):
        check_use("TOKEN", declared(**fields), wanted)


def test_one_that_is_not_declared_and_one_of_others_are_refused_alike() -> None:
    answers = []
    for definition in (None, declared(**HOSTS, teams=["web"])):
        with pytest.raises(NotFound) as raised:
            check_use("TOKEN", definition, use(), ["pager.example"])
        answers.append(str(raised.value))
    assert answers[0] == answers[1]
    hint = answers[0].partition("can declare it: ")[2]
    assert validate_text(hint, "hint")[1] == [], "it is ready to be pasted"
    assert "hosts: [pager.example]" in hint


@pytest.mark.parametrize(
    ("pattern", "host", "port", "may"),
    [
        ("db.example", "db.example", 443, True),
        ("db.example", "DB.example.", 80, True),
        ("db.example", "evil-db.example", 443, False),
        ("db.example", "x.db.example", 443, False),
        ("*.example", "db.example", 443, True),
        ("*.example", "a.b.example", 443, True),
        ("*.example", "example", 443, False),
        ("*.example", "example.evil", 443, False),
        ("db.example:8443", "db.example", 8443, True),
        ("db.example:8443", "db.example", 443, False),
        ("127.0.0.1", "127.0.0.1", 1, True),
        ("[::1]", "::1", 1, True),
        ("[::1]:80", "::1", 80, True),
        ("[::1]:80", "::1", 81, False),
    ],
)
def test_where_it_may_go(pattern: str, host: str, port: int, may: bool) -> None:
    destinations = Destinations("TOKEN", declared(hosts=[pattern]).hosts)
    assert destinations.allow(host, port) is may
    if not may:
        with pytest.raises(NotAllowed, match="the secret TOKEN may not be sent to its destination"):
            check_destination([destinations], host, port)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"source": {"env": "DATABASE_URL"}}, "source"),
        ({"source": {"env": "SLACK_SIGNING_SECRET"}}, "source"),
        ({"source": {"env": "RUNBOOK_SECRET_"}}, "source"),
        ({"source": {"file": "run/secrets/x"}}, "source"),
        ({"source": {"file": "/run/../proc/self/environ"}}, "source"),
        ({"source": {"file": "/proc/self/environ"}}, "source"),
        ({"source": {"vault": "kv"}}, "source"),
        ({"source": {}}, "source"),
        ({"hosts": ["*"]}, "hosts"),
        ({"hosts": ["https://x.example/y"]}, "hosts"),
        ({"hosts": ["x.example@evil.example"]}, "hosts"),
        ({"hosts": []}, "This secret could not be sent anywhere"),
        ({"name": "a-b"}, "name"),
        ({"value": "hunter2"}, "value"),
    ],
)
def test_what_cannot_be_declared(fields: dict[str, object], said: str) -> None:
    document = {
        "kind": "secret",
        "name": "TOKEN",
        "source": {"env": "RUNBOOK_SECRET_TOKEN"},
        "hosts": ["x.example"],
    }
    with pytest.raises(ValueError, match=said):
        SecretDefinition.model_validate(document | fields)


def test_where_documents_declare_secrets_the_use_of_others_is_a_problem() -> None:
    uses = RUNBOOK.replace("TEXT", "{{ secrets.TOKEN }}")
    other = DECLARED.replace("TOKEN", "OTHER")
    assert validate_text(uses, "f.yaml")[1] == []
    assert validate_text(f"{uses}---{DECLARED}", "f.yaml")[1] == []
    [problem] = validate_text(f"{uses}---{other}", "f.yaml")[1]
    assert (problem.line, problem.column) == (9, 38)
    assert problem.message == "There is no secret TOKEN that definitions of team data may use."
    assert problem.hint is not None
    assert "hosts: [api.data.example]" in problem.hint
    [problem] = validate_text(uses, "f.yaml", known=Known(secrets={}))[1]
    assert problem.line == 9


def test_the_secrets_of_a_document_are_found() -> None:
    document = {"a": ["{{ secrets.A }} {{secrets.B}}"], "b": {"c": "secrets.C {{ incident.title }}"}}
    assert named_secrets(document) == {"A", "B"}
