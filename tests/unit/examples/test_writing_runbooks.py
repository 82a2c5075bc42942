"""The snippets of docs/writing-runbooks.md: each validates, and the tests in it are run."""

import re
from pathlib import Path

import pytest

from core.definitions.kinds import AnyDefinition
from core.definitions.validate import validate_text
from core.simulation.differences import play_all

PAGE = Path("docs/writing-runbooks.md").read_text(encoding="utf-8")
WEB = (
    "kind: team\nname: web\nmembers: [{slack: U0CARLA, role: admin}, {slack: U0DAN, role: responder}]\n---\n"
)
TOPIC = re.compile(r"^## (?P<title>.+?)$(?P<text>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
TOPICS = {found["title"]: found["text"] for found in TOPIC.finditer(PAGE)}
SNIPPET = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SNIPPETS = [(title, yaml) for title, text in TOPICS.items() for yaml in SNIPPET.findall(text)]
ONE_SCREEN = 80  # lines
WITHOUT_TESTS = {"Small steps", "Secrets", "Locks and timeouts"}


def definitions_in(yaml: str) -> list[AnyDefinition]:
    definitions, problems = validate_text(WEB + yaml, "docs/writing-runbooks.md")
    assert list(map(str, problems)) == []
    return definitions


@pytest.mark.parametrize(("title", "yaml"), SNIPPETS, ids=[title for title, _ in SNIPPETS])
def test_a_snippet_validates_and_its_tests_hold(title: str, yaml: str) -> None:
    played = list(play_all(definitions_in(yaml)))

    assert {each.case.name: each.differences for each in played} == {each.case.name: [] for each in played}
    assert bool(played) is (title not in WITHOUT_TESTS)


def test_each_topic_has_a_snippet_and_fits_on_a_screen() -> None:
    assert {title for title, _ in SNIPPETS} == TOPICS.keys() - {"Tests and dry run"}
    assert {
        title: len(text.splitlines()) for title, text in TOPICS.items() if len(text.splitlines()) > ONE_SCREEN
    } == {}


def test_every_yaml_of_the_page_is_found() -> None:
    assert len(SNIPPETS) == PAGE.count("```yaml")
