"""docs/install.md: its documents validate together, and its commands exist."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import Commands, app
from core.definitions.validate import validate_text

PAGE = Path("docs/install.md").read_text(encoding="utf-8")
YAML = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"`runbook ([a-z]+)((?: --[a-z-]+)*)")


def test_its_documents_validate_together() -> None:
    definitions, problems = validate_text("---\n".join(YAML.findall(PAGE)), "docs/install.md")
    assert list(map(str, problems)) == []
    assert [each.kind for each in definitions] == ["team", "runbook"]


@pytest.mark.parametrize(("command", "options"), sorted(set(COMMAND.findall(PAGE))))
def test_its_commands_and_options_exist(command: str, options: str) -> None:
    assert command in Commands.lazy
    said = CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    assert [option for option in options.split() if option not in said] == []
