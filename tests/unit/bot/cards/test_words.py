from datetime import timedelta

import pytest

from bot.cards.words import (
    MASS_MENTION,
    bounded,
    code,
    code_block,
    deadline,
    duration,
    escape,
    escape_sentence,
    moment,
    status_words,
    who,
)
from core.statuses import Status, WaitingFor
from tests.unit.bot.cards.building import NOW


def test_the_three_characters_of_markup_are_escaped() -> None:
    assert escape("<!channel> & co") == "&lt;!channel&gt; &amp; co"


def test_a_sentence_keeps_mentions_of_people_and_channels_alone() -> None:
    said = escape_sentence("Rejected by <@U1> in <#C1>: <!here> <https://evil.example|good>")
    assert said == "Rejected by <@U1> in <#C1>: &lt;!here&gt; &lt;https://evil.example|good&gt;"


@pytest.mark.parametrize("limit", range(1, 12))
def test_a_cut_never_falls_into_an_escape_or_a_mention(limit: int) -> None:
    for markup in ("a&amp;b&lt;c", "ab <@U123> cd"):
        cut = bounded(markup, limit)
        assert len(cut) <= limit
        assert cut == markup or cut[:-1] in (
            "",
            "a",
            "a&amp;",
            "a&amp;b",
            "ab",
            "ab ",
            "ab <@U123>",
            "ab <@U123> ",
        )


@pytest.mark.parametrize("limit", range(6, 40))
def test_a_cut_ends_the_code_block_that_it_falls_into(limit: int) -> None:
    """Red before: everything that followed the block was shown as code."""
    cut = bounded("said\n```\nthe output\n```\nmore", limit)
    assert len(cut) <= limit
    assert cut.count("```") % 2 == 0


@pytest.mark.parametrize("limit", range(3, 30))
def test_a_cut_makes_no_mention_of_everybody(limit: int) -> None:
    """Red before: "@channels" was cut to "@channel", and "me@here.example" to "@here.example"."""
    shown = [bounded(escape("see @channels and @everyoneelse"), limit)]
    shown.append(code_block("x" * 20 + "a@everyone" + "y" * limit + "me@here", 40))
    for text in shown:
        assert not MASS_MENTION.search(text), text


def test_a_value_in_a_code_span_stays_in_it() -> None:
    assert code("a`b\nc") == "`aˋb c`"
    assert code({"a": [1]}) == '`{"a": [1]}`'
    assert code("") == "_empty_"


def test_a_code_block_keeps_both_ends_of_what_is_too_long() -> None:
    block = code_block("begin" + "x" * 500 + "end", 100)
    assert len(block) <= 100
    assert block.startswith("```\nbegin")
    assert block.endswith("end\n```")
    assert "\n…\n" in block


def test_a_code_block_cannot_be_closed_from_within() -> None:
    assert code_block("a ``` b", 100) == "```\na ˋˋˋ b\n```"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (0.84, "0.8 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min"),
        (125, "2 min 5 s"),
        (3840, "1 h 4 min"),
    ],
)
def test_durations_are_read_at_a_glance(seconds: float, said: str) -> None:
    assert duration(NOW, NOW + timedelta(seconds=seconds)) == said


def test_what_has_not_ended_took_no_time() -> None:
    assert duration(NOW, None) == duration(None, NOW) == ""


def test_times_are_shown_in_the_readers_zone() -> None:
    assert moment(NOW) == f"<!date^{int(NOW.timestamp())}^{{time}}|03:12 UTC>"


def test_a_waiting_run_says_for_what() -> None:
    assert status_words(Status.WAITING, WaitingFor.APPROVAL) == "waiting for approval"
    assert status_words(Status.TIMED_OUT) == "timed out"


def test_people_are_mentioned_and_workflows_named() -> None:
    assert who("U0DBOPS") == "<@U0DBOPS>"
    assert who("workflow:critical-db") == "workflow critical-db"
    assert who("operator") == "operator"


def test_a_deadline_names_the_day_where_it_is_far() -> None:
    assert "{date_short_pretty} {time}" in deadline(NOW, NOW + timedelta(days=2))
    assert "date_short" not in deadline(NOW, NOW + timedelta(minutes=15))
