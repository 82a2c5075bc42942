"""The sources of secrets: environment variables and files."""

import os
from pathlib import Path

import pytest

from core.errors import ConfigurationError, NotFound
from core.io.secret_sources import EnvironmentSecrets, FileSecrets

X = "RUNBOOK_SECRET_X"


def test_a_secret_is_read_from_the_environment_as_it_was() -> None:
    environ = {X: "https://db"}
    secrets = EnvironmentSecrets(environ)
    environ.clear()
    assert secrets.read(X) == "https://db"


@pytest.mark.parametrize(
    ("content", "value"), [("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), ("a\n\n", "a\n"), ("é", "é")]
)
def test_a_secret_is_read_from_a_file_without_its_last_newline(
    tmp_path: Path, content: str, value: str
) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content.encode())
    assert EnvironmentSecrets({f"{X}_FILE": str(file)}).read(X) == value
    assert FileSecrets().read(str(file)) == value


def test_the_environment_goes_before_the_file() -> None:
    assert EnvironmentSecrets({X: "a", f"{X}_FILE": "/nowhere"}).read(X) == "a"


def test_a_missing_secret_says_what_to_set_and_what_is_near() -> None:
    with pytest.raises(NotFound) as raised:
        EnvironmentSecrets({"RUNBOOK_SECRET_DB_API": "hunter2"}).read("RUNBOOK_SECRET_DB_APPI")
    assert str(raised.value) == (
        "RUNBOOK_SECRET_DB_APPI is not set. Set it, or RUNBOOK_SECRET_DB_APPI_FILE, for the workers. "
        "Did you mean RUNBOOK_SECRET_DB_API?"
    )


def test_an_empty_secret_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="RUNBOOK_SECRET_X is empty"):
        EnvironmentSecrets({X: ""}).read(X)


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path) -> None:
    binary, large = tmp_path / "binary", tmp_path / "large"
    binary.write_bytes(b"\xff\xfe")
    large.write_text("a" * 70_000)
    for path, reason in ((tmp_path / "none", "No such file"), (binary, "not UTF-8"), (large, "larger than")):
        with pytest.raises(ConfigurationError, match=reason):
            EnvironmentSecrets({f"{X}_FILE": str(path)}).read(X)
        with pytest.raises(ConfigurationError, match=reason):
            FileSecrets().read(str(path))


def test_nothing_is_read_that_is_no_file_of_secrets(tmp_path: Path) -> None:
    inside, outside = tmp_path / "secrets", tmp_path / "other"
    for folder in (inside, outside):
        folder.mkdir()
        (folder / "x").write_text("value")
    (inside / "link").symlink_to(outside / "x")
    (inside / "environ").symlink_to("/proc/self/environ")
    assert FileSecrets((inside,)).read(str(inside / "x")) == "value"
    for path in (outside / "x", inside / "link", inside / ".." / "other" / "x"):
        with pytest.raises(ConfigurationError, match="is not in a folder"):
            FileSecrets((inside,)).read(str(path))
    with pytest.raises(ConfigurationError, match="is not in a folder"):
        FileSecrets().read(str(inside / "environ"))


def test_variables_and_values_are_those_that_are_set(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from file\n")
    environ = {
        "RUNBOOK_SECRET_A": "1",
        "RUNBOOK_SECRET_B_FILE": str(file),
        "RUNBOOK_SECRET_C": "",
        "RUNBOOK_SECRET_D_FILE": os.devnull + "/x",
        "OTHER": "x",
    }
    secrets = EnvironmentSecrets(environ)
    assert [name.removeprefix("RUNBOOK_SECRET_") for name in secrets.variables()] == ["A", "B", "C", "D"]
    assert secrets.values() == ["1", "from file"]
