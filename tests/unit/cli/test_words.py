"""The catalogue of what people read: what is found, and the rules that every sentence keeps."""

import re

import pytest

from cli.reference.words import sentences, words_page

SAID = re.compile(r"^- (.*)$", re.MULTILINE)
RULES = {
    "two spaces": re.compile(r"\S  \S"),
    "a space before a full stop": re.compile(r"[a-z] [.,;](?:\s|$)"),
    "a typographic apostrophe": re.compile(r"\w’\w"),
    "two words for one": re.compile(
        r"\b(?:can not|in order to|please note|utili[sz]e|whilst|in vain)\b", re.IGNORECASE
    ),
    "a request to be polite": re.compile(r"\bplease\b", re.IGNORECASE),
    "blame": re.compile(r"\b(?:illegal|invalid user|you failed|you must not)\b", re.IGNORECASE),
    "words that are private to the code": re.compile(
        r"\b(?:payload dict|NoneType|traceback|stack trace|KeyError)\b"
    ),
    "an abbreviation": re.compile(r"\b(?:e\.g\.|i\.e\.|etc\.|resp\.)"),
}


def test_texts_are_found_where_they_are_said_and_nothing_else() -> None:
    source = '''
"""A docstring of several words."""
NAME = "approval.approve"
log.info("this line is for logs")
QUERY = text("SELECT this is a statement")
raise Refused(f"The run {run.id} has {len(steps)} steps left.", hint="Wait for it.")
'''
    assert sentences(source) == ["The run {run.id} has {…} steps left.", "Wait for it."]


@pytest.fixture(scope="module")
def said() -> list[str]:
    return SAID.findall(words_page())


@pytest.mark.parametrize("rule", RULES)
def test_every_sentence_keeps_the_rule(said: list[str], rule: str) -> None:
    assert [each for each in said if RULES[rule].search(each)] == []
