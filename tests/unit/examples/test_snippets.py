"""What the documents show: each definition validates, and each command and option exists.

docs/writing-runbooks.md, docs/install.md and docs/tutorial.md have tests of their own, which also play them.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from bot.rest.application import openapi_document
from cli.main import Commands, app
from core.definitions.validate import validate_text
from slack_sandbox.config import WorkspaceConfig

PAGES = [Path("README.md"), Path("CONTRIBUTING.md"), *sorted(Path("docs").glob("**/*.md"))]
GENERATED = ("docs/reference", "docs/adr")  # examples of types have tests of their own
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE, LINE = (
    re.compile(r"`runbook ([a-z]+)([^`\n|&>]*)"),
    re.compile(r"^runbook ([a-z]+)([^\n|&>]*)", re.MULTILINE),
)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
# What a definition refers to, and the page leaves out.
AROUND = """
kind: team
name: database
members: [{slack: U0ALICE, role: admin}, {slack: U0BOB, role: responder}]
---
kind: runbook
name: vacuum
team: database
steps: [{id: settle, type: wait, for: 1s}]
---
"""
ELSEWHERE = {
    "sandbox.md": "a workspace",
    "alerts.md": "a file of Alertmanager's",
    "CONTRIBUTING.md": "a plugin's",
}
STEPS = "steps: [{id: settle, type: wait, for: 1s}]\n"


def blocks(page: Path, language: str) -> list[str]:
    return [text for kind, text in FENCE.findall(page.read_text("utf-8")) if kind == language]


def documents() -> Iterator[object]:
    for page in PAGES:
        if page.name not in ELSEWHERE and not str(page).startswith(GENERATED):
            for number, text in enumerate(blocks(page, "yaml")):
                yield pytest.param(page, text, id=f"{page}-{number}")


@pytest.mark.parametrize(("page", "text"), list(documents()))
def test_a_definition_validates(page: Path, text: str) -> None:
    whole = text + STEPS if "kind: runbook" in text and "steps:" not in text else text
    beside = "\n---\n".join(each for each in blocks(page, "yaml") if each != text and "kind: secret" in each)
    around = AROUND.replace("vacuum", "vacuum-of-the-page") if "name: vacuum" in text else AROUND
    _, problems = validate_text(f"{around}{beside}\n---\n{whole}" if beside else around + whole, str(page))
    assert list(map(str, problems)) == []


def test_the_sandbox_reads_its_example() -> None:
    [example] = blocks(Path("docs/sandbox.md"), "yaml")
    assert WorkspaceConfig.model_validate(yaml.safe_load(example)).team.id == "T0ACME"


def test_alertmanager_is_sent_to_an_address_that_there_is() -> None:
    [example] = blocks(Path("docs/alerts.md"), "yaml")
    [receiver] = yaml.safe_load(example)["receivers"]
    address = receiver["webhook_configs"][0]["url"].removeprefix("https://runbook.example.com")
    paths = (re.sub(r"\{\w+\}", "[a-z]+", path) for path in openapi_document()["paths"])
    assert any(re.fullmatch(path, address) for path in paths)


def commands() -> Iterator[object]:
    for page in PAGES:
        if not str(page).startswith(GENERATED):
            found = {*INLINE.findall(page.read_text("utf-8")), *LINE.findall("".join(blocks(page, "sh")))}
            for command, rest in sorted(found):
                yield pytest.param(command, rest, id=f"{page}-{command}{rest}")


@pytest.mark.parametrize(("command", "rest"), list(commands()))
def test_a_command_and_its_options_exist(command: str, rest: str) -> None:
    assert command in Commands.lazy
    options = OPTION.findall(rest)
    said = help_of(command, *re.findall(r"^ ([a-z][a-z-]+)", rest)) if options else ""
    assert [option for option in options if option not in said] == []


def help_of(command: str, *words: str) -> str:
    """Return the help of the command, and of the command inside it if that is what the word after it is."""
    run = CliRunner()
    said = ""
    for arguments in ([command], [command, *words[:1]]):
        said += run.invoke(app, [*arguments, "--help"], env={"COLUMNS": "200", "TERM": "dumb"}).output
    return said
