"""A mistake in a new step or action file ends every command with three lines: the file, the class, the error."""

from pathlib import Path

import pytest

from core.definitions.actions import ActionDefinition, action_types
from core.definitions.steps import StepDefinition
from core.definitions.type_registry import discover
from core.errors import ConfigurationError

HEAD = '''"""A type."""
from typing import Literal
from core.definitions.{kind}s import {base}


class Odd({base}):
    """Odd."""

    type: Literal["odd"]
'''
MISTAKES = {
    "an attribute without annotation": ("    limit = 3\n", "class Odd", "non-annotated attribute"),
    "a name that is not there": ("    limit: int = LIMIT\n", "class Odd", "NameError: name 'LIMIT'"),
    "no Python": ("    limit: int = = 3\n", "", "SyntaxError"),
    "an import that is not there": (
        "\nimport no_such_module\n",
        "outside any class",
        "No module named 'no_such_module'",
    ),
    "a wrong decorator": ("    @staticmethod\n    def a(\n", "", "SyntaxError"),
    "a base's field made another": ("    model_config = 5\n", "class Odd", "Error"),
}


def package(folder: Path, name: str, kind: str, body: str) -> None:
    (folder / name).mkdir()
    (folder / name / "__init__.py").write_text("")
    base = {"step": "StepDefinition", "action": "ActionDefinition"}[kind]
    (folder / name / "odd.py").write_text(HEAD.format(kind=kind, base=base) + body)


@pytest.mark.parametrize("kind", ["step", "action"])
@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_in_three_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    body, class_, reason = MISTAKES[name]
    called = f"broken_{kind}_{list(MISTAKES).index(name)}"
    package(tmp_path, called, kind, body)
    monkeypatch.syspath_prepend(str(tmp_path))
    base = StepDefinition if kind == "step" else ActionDefinition
    with pytest.raises(ConfigurationError) as raised:
        discover(called, "none", base)
    lines = str(raised.value).splitlines()
    assert len(lines) == 3
    assert "odd.py, line " in lines[1]
    assert class_ in lines[1]
    assert reason in lines[2]


def test_a_port_that_is_none_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path, "broken_port", "action", '    acts_through = "htp"\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ConfigurationError, match=r"broken_port\.odd\.Odd has acts_through = 'htp'"):
        discover("broken_port", "none", ActionDefinition)


def test_actions_say_how_they_act_as_steps_do() -> None:
    calling = {name for name, model in action_types().items() if model.acts_through == "http"}
    assert {"webhook", "jira", "linear"} <= calling
