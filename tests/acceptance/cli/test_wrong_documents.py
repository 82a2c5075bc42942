"""`runbook validate` over a folder of wrong documents: each says at its head what is to be said of it."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app

WRONG = Path(__file__).parent / "wrong"
DOCUMENTS = sorted(WRONG.iterdir())
PLACE = re.compile(r"\d+:\d+: ")


def head(document: Path) -> list[str]:
    """The comment lines before the first other line: what is expected."""
    lines = document.read_text(errors="replace").splitlines()
    expected = []
    for line in lines:
        if not line.startswith("# ") or not PLACE.match(line[2:]):
            break
        expected.append(line[2:])
    return expected


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_a_wrong_document_is_told_so_at_its_place(document: Path) -> None:
    result = CliRunner().invoke(app, ["validate", str(document)])
    said = [line.removeprefix(f"{document}:") for line in result.stderr.splitlines()]
    assert [line.replace(str(document), "THIS") for line in said] == head(document)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)


def test_there_are_many_and_each_is_another_mistake() -> None:
    sentences = [tuple(PLACE.sub("", line) for line in head(each)) for each in DOCUMENTS]
    assert len(DOCUMENTS) >= 60
    assert all(sentences)
    assert len(set(sentences)) >= 60


def test_nothing_is_said_in_the_words_of_a_library() -> None:
    said = [line for each in DOCUMENTS for line in head(each)]
    for word in (
        "pydantic",
        "Traceback",
        "Input should",
        "Value error",
        "str-enum",
        "literal[",
        "while parsing",
        "NoneType",
    ):
        assert not [line for line in said if word in line]
