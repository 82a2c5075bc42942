"""Steps of types ssh and sql: what validation refuses, what is shown, and what test cases can say."""

from typing import Any

import pytest
import yaml

from core.definitions.runbook import RunbookDefinition
from core.definitions.validate import validate_text
from core.io.remote import RemoteCommand, SshHost
from core.services.executions.loading import policy_of
from tests.unit.core.simulation.test_plan import planned
from tests.unit.core.simulation.test_rehearse import played, statuses

SSH: dict[str, Any] = {
    "id": "there",
    "type": "ssh",
    "host": "{{ params.cluster }}.example",
    "user": "deploy",
    "known_hosts": "{{ secrets.KNOWN }}",
    "key": "{{ secrets.KEY }}",
    "argv": ["dbctl", "{{ params.cluster }}"],
}
SQL: dict[str, Any] = {
    "id": "ask",
    "type": "sql",
    "url": "{{ secrets.DB }}",
    "statement": "SELECT name FROM t WHERE id = %(id)s",
    "parameters": {"id": 1},
}


def problems(step: dict[str, Any]) -> str:
    parameters = {"properties": {"cluster": {"type": "string"}}, "required": ["cluster"]}
    document = {"kind": "runbook", "name": "x", "parameters": parameters, "steps": [step]}
    _, found = validate_text(yaml.safe_dump(document), "x.yaml")
    return "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"argv": "dbctl check"}, "argv is a list of arguments, never a shell string"),
        ({"argv": ["{{ params.cluster }}"]}, "argv.0 is the program. Write it literally"),
        ({"key": None}, "Give key or password, as a secret."),
        ({"key": "-----BEGIN"}, "Write it as one secret: {{ secrets.NAME }}"),
        ({"key": "{{ params.cluster }}"}, "Write it as one secret"),
        ({"key": "x{{ secrets.KEY }}"}, "Write it as one secret"),
        ({"key": None, "password": "hunter2"}, "Write it as one secret"),
        ({"jump": {"host": "b", "password": "hunter2"}}, "Write it as one secret"),
        ({"host": "{{ secrets.HOST }}"}, "secret"),
        ({"known_hosts": None}, "known_hosts"),
        ({"sudo": "root; rm"}, "sudo"),
        ({"sudo": "-x"}, "sudo"),
        ({"terminal": True, "stdin": "x"}, "A command with a terminal gets no stdin."),
        ({"port": 0}, "port"),
        ({"expect": "result.code == 0"}, "result has no code"),
    ],
)
def test_what_is_wrong_with_an_ssh_step(changes: dict[str, Any], said: str) -> None:
    step = {name: value for name, value in (SSH | changes).items() if value is not None}
    found = problems(step)
    assert said in found
    assert bool(found) == bool(said)
    assert "hunter2" not in found


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, ""),
        ({"statement": None}, "Give either statement or statements."),
        ({"statements": ["SELECT 1"]}, "Give either statement or statements."),
        ({"statement": "SELECT {{ params.cluster }}"}, "No value may become part of a statement."),
        (
            {"statement": None, "statements": ["SELECT %(id)s", "SELECT '{{ x }}'"]},
            "No value may become part",
        ),
        ({"url": "postgresql://u:p@h/d"}, "Write it as one secret"),
        ({"url": "postgresql://u:{{ secrets.DB }}@h/d"}, "Write it as one secret"),
        ({"parameters": {}}, "%(id)s has no value under parameters."),
        ({"parameters": {"id": 1, "other": 2}}, "The parameter other is not used"),
        ({"parameters": [1]}, "The statement has 0 %s, and parameters has 1 values."),
        ({"statement": "SELECT %s"}, "%s needs parameters as a list."),
        (
            {"statement": "SELECT %s, %s", "parameters": [1]},
            "The statement has 2 %s, and parameters has 1 values.",
        ),
        ({"statement": "DELETE FROM t WHERE id = %(id)s"}, "DELETE changes something. Set read_only: false"),
        ({"statement": "COMMIT"}, "COMMIT is not allowed"),
        ({"max_rows": 100_000}, "max_rows"),
        ({"expect": "answer.count == 0"}, "answer has no count"),
        ({"parameters": {"id": "{{ nothing.here }}"}}, "nothing"),
    ],
)
def test_what_is_wrong_with_a_sql_step(changes: dict[str, Any], said: str) -> None:
    step = {name: value for name, value in (SQL | changes).items() if value is not None}
    found = problems(step)
    assert said in found
    assert bool(found) == bool(said)


def test_each_argument_is_quoted_and_sudo_never_asks() -> None:
    host = SshHost("h", 22, "u", "")
    plain = RemoteCommand(host, ["a b", "$x", "it's", ""])
    assert plain.line == "'a b' '$x' 'it'\"'\"'s' ''"
    assert RemoteCommand(host, ["id"], sudo="web").line == "sudo -n -u web -- id"


def test_a_case_answers_for_a_host() -> None:
    step = SSH | {"expect": "result.stdout == 'primary'", "save": {"said": "result.stdout"}}
    good = played(step, steps={"there": {"stdout": "primary"}})
    assert statuses(good) == ["succeeded"]
    request = good.requests["there"]
    assert isinstance(request, dict)
    assert (request["host"], request["argv"]) == ("deploy@orders.example:22", ["dbctl", "orders"])
    assert statuses(played(step, steps={"there": {"stdout": "replica"}})) == ["failed"]
    assert statuses(played(SSH, steps={"there": {"exit_code": 3}})) == ["failed"]
    assert statuses(played(SSH, steps={"there": {"no_answer": True}})) == ["unknown"]


def test_a_case_answers_for_a_database() -> None:
    step = SQL | {"expect": "answer.row_count == 1", "save": {"name": "answer.rows[0].name"}}
    good = played(step, steps={"ask": {"rows": [{"name": "one"}]}})
    assert statuses(good) == ["succeeded"]
    assert good.execution
    assert good.execution.steps[0].saved == {"name": "one"}
    assert statuses(played(step, steps={"ask": {"rows": []}})) == ["failed"]
    change = SQL | {"statement": "UPDATE t SET x = 1 WHERE id = %(id)s", "read_only": False}
    assert statuses(played(change, steps={"ask": {"row_count": 7}})) == ["succeeded"]
    assert statuses(played(change, steps={"ask": {"no_answer": True}})) == ["unknown"]
    assert statuses(played(SQL, steps={"ask": {"no_answer": True}})) == ["failed"]


def test_several_statements_have_several_results() -> None:
    step = {**SQL, "statement": None, "statements": ["SELECT 1", "SELECT %(id)s"]}
    step = {name: value for name, value in step.items() if value is not None}
    done = played(step, steps={"ask": {"rows": [{"x": 1}]}}).execution
    assert done
    empty = {"rows": [], "row_count": 0, "is_cut": False}
    assert done.steps[0].output == {"results": [empty, {"rows": [{"x": 1}], "row_count": 1, "is_cut": False}]}


@pytest.mark.parametrize(
    ("step", "answer", "said"),
    [
        (SSH, {"rows": []}, "its answer may have exit_code, stdout, stderr."),
        (SSH, {"status": 200}, "its answer may have exit_code, stdout, stderr."),
        (SQL, {"stdout": ""}, "its answer may have rows, row_count."),
    ],
)
def test_an_answer_of_another_kind_is_refused(
    step: dict[str, Any], answer: dict[str, Any], said: str
) -> None:
    case = {"name": "a", "steps": {step["id"]: answer}, "expect": {"status": "failed"}}
    properties = {"cluster": {"type": "string", "default": "x"}}
    document = {
        "kind": "runbook",
        "name": "x",
        "parameters": {"properties": properties},
        "steps": [step],
        "tests": [case],
    }
    _, found = validate_text(yaml.safe_dump(document), "x.yaml")
    assert said in "\n".join(map(str, found))


def test_a_dry_run_shows_what_would_be_done_and_touches_nothing() -> None:
    there, ask = planned(SSH | {"sudo": "web", "jump": {"host": "bastion"}}, SQL)
    credentials = {"known_hosts": "{{ secrets.KNOWN }}", "private_key": "{{ secrets.KEY }}"}
    assert there.request == {
        "host": "deploy@orders.example:22",
        **credentials,
        "argv": ["dbctl", "orders"],
        "jump": {"host": "deploy@bastion:22", **credentials},
        "sudo": "web",
    }
    assert ask.request == {
        "url": "{{ secrets.DB }}",
        "statements": ["SELECT name FROM t WHERE id = %(id)s"],
        "read_only": True,
        "parameters": {"id": 1},
    }


def test_only_what_reads_is_repeated_without_a_question() -> None:
    def repeatable(step: dict[str, Any]) -> bool:
        definition = RunbookDefinition.model_validate({"kind": "runbook", "name": "x", "steps": [step]})
        policy = policy_of(definition.steps[0])
        return policy.repeatable or policy.only_reads

    change = SQL | {"statement": "UPDATE t SET x = %(id)s", "read_only": False}
    assert repeatable(SQL)
    assert not repeatable(change)
    assert repeatable(change | {"retry": {"safe": True}})
    assert not repeatable(SSH)
