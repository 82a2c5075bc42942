"""The committed reference is up to date with the types and commands."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bot.commands.dispatch import COMMANDS
from cli.main import app
from cli.reference.pages import PAGES
from core.definitions.actions import action_types
from core.definitions.fields import fields_by_key, inner_models
from core.definitions.steps import step_types
from core.definitions.workflow import WorkflowDefinition
from core.error_codes import ErrorCode

COMMITTED = Path("docs/reference")


@pytest.mark.parametrize("name", PAGES)
def test_the_committed_page_is_what_is_made_now(name: str) -> None:
    assert (COMMITTED / name).read_text() == PAGES[name](), "run `make reference`"


def test_nothing_else_stands_there() -> None:
    assert {path.name for path in COMMITTED.iterdir()} == set(PAGES)


def test_the_pages_tell_of_everything_there_is() -> None:
    for names, page in ((step_types(), PAGES["steps.md"]()), (action_types(), PAGES["actions.md"]())):
        assert [name for name in names if f"### `{name}`" not in page] == []
    triggers = inner_models(fields_by_key(WorkflowDefinition)["trigger"])
    assert PAGES["triggers.md"]().count("\n## ") == len(triggers)
    commands = PAGES["commands.md"]().replace("\\|", "|")
    assert all(f"`/runbook {command.line}`" in commands for command in COMMANDS.values())


def test_rest_has_every_address_and_the_fields_of_its_body() -> None:
    rest = PAGES["rest.md"]()
    assert "### `POST /api/incidents/{id}/runbooks/{runbook_id}/execute`" in rest
    assert "| `dry_run` | `true`, `false` | `false` |" in rest


def test_every_code_that_an_error_can_have_is_explained_once() -> None:
    errors = PAGES["errors.md"]()
    assert errors.count("\n## ") == len(ErrorCode)
    for code in ErrorCode:
        assert f"\n## `{code}`\n\n{code.happened}\n\n{code.remedy}\n" in errors


def test_rest_names_the_problems_of_an_operation() -> None:
    rest = PAGES["rest.md"]()
    section = rest.split("### `POST /api/runbooks/{id}/execute`")[1].split("###")[0]
    assert "[`lock_held`](errors.md#lock_held)" in section


def test_the_verb_writes_the_pages(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["reference", str(tmp_path / "new")]).exit_code == 0
    assert {path.name: path.read_text() for path in (tmp_path / "new").iterdir()} == {
        name: make() for name, make in PAGES.items()
    }
