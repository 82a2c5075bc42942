"""Secrets: where they come from, and that only the named ones are read."""

from pathlib import Path

import pytest

from core.definitions.expressions import compile_expression
from core.definitions.secrets import EnvironmentSecrets, SecretScope
from core.definitions.templates import render
from core.errors import ConfigurationError, ExpressionError, NotFound, RunbookError


def test_a_secret_is_read_from_the_environment() -> None:
    assert EnvironmentSecrets({"RUNBOOK_SECRET_DB_API": "https://db"}).get("DB_API") == "https://db"


@pytest.mark.parametrize(
    ("content", "value"), [("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("a\n\n", "a\n"), ("é", "é")]
)
def test_a_secret_is_read_from_a_file_without_its_last_newline(
    tmp_path: Path, content: str, value: str
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content.encode())
    assert EnvironmentSecrets({"RUNBOOK_SECRET_X_FILE": str(file)}).get("X") == value


def test_the_environment_goes_before_the_file() -> None:
    assert EnvironmentSecrets({"RUNBOOK_SECRET_X": "a", "RUNBOOK_SECRET_X_FILE": "/nowhere"}).get("X") == "a"


@pytest.mark.parametrize("name", ["", "a b", "../x", "A-B", "1A", "é"])
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(NotFound, match="cannot be the name of a secret"):
        EnvironmentSecrets({"RUNBOOK_SECRET_" + name: "x"}).get(name)


def test_a_missing_secret_says_what_to_set_and_what_is_near() -> None:
    with pytest.raises(NotFound) as raised:
        EnvironmentSecrets({"RUNBOOK_SECRET_DB_API": "hunter2"}).get("DB_APPI")
    assert str(raised.value) == (
        "The secret DB_APPI is not set. Set RUNBOOK_SECRET_DB_APPI or RUNBOOK_SECRET_DB_APPI_FILE for the workers. "
        "Did you mean DB_API?"
    )


def test_an_empty_secret_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="The secret X is empty"):
        EnvironmentSecrets({"RUNBOOK_SECRET_X": ""}).get("X")


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    binary, large = tmp_path / "binary", tmp_path / "large"
    binary.write_bytes(b"\xff\xfe")
    large.write_text("a" * 70_000)
    for path, reason in ((tmp_path / "none", "No such file"), (binary, "not UTF-8"), (large, "larger than")):
        with pytest.raises(ConfigurationError, match=reason):
            EnvironmentSecrets({"RUNBOOK_SECRET_X_FILE": str(path)}).get("X")


def test_names_and_values_are_those_that_are_set(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from file\n")
    environ = {
        "RUNBOOK_SECRET_A": "1",
        "RUNBOOK_SECRET_B_FILE": str(file),
        "RUNBOOK_SECRET_C": "",
        "RUNBOOK_SECRET_D_FILE": "/nowhere",
        "OTHER": "x",
    }
    secrets = EnvironmentSecrets(environ)
    assert secrets.names() == ["A", "B", "C", "D"]
    assert secrets.values() == ["1", "from file"]


class Counting:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, name: str) -> str:
        self.asked.append(name)
        if name == "MISSING":
            raise NotFound("The secret MISSING is not set.")
        return f"value of {name}"


def test_only_the_named_secrets_are_read_and_each_once() -> None:
    source = Counting()
    scope = SecretScope(source)
    rendered = render("{{ secrets.A }} {{ secrets['A'] + secrets.B }} {{ 1 }}", {"secrets": scope})
    assert rendered == "value of A value of Avalue of B 1"
    assert source.asked == ["A", "B"]
    assert set(scope.used) == {"value of A", "value of B"}


@pytest.mark.parametrize("source", ["secrets", "secrets['A' + 'B']", "size(secrets)", "'A' in secrets"])
def test_a_secret_must_be_named(source: str) -> None:
    with pytest.raises(ExpressionError, match="secrets is used without a name"):
        compile_expression(source).evaluate({"secrets": SecretScope(Counting())})


def test_a_missing_secret_stops_the_expression() -> None:
    with pytest.raises(RunbookError, match="The secret MISSING is not set"):
        compile_expression("secrets.MISSING").evaluate({"secrets": SecretScope(Counting())})
