"""What was posted again because nobody could look it up is no violation, and nothing else is excused by it."""

from chaos.checker.facts import Message
from chaos.checker.outside import without_allowed_repeats

TIMES = [(100.0, 110.0)]


def message(ts: float, notice: str = "ntc_1", part: int = 0) -> Message:
    return Message("C1", str(ts), "text", "card", "", notice, part, frozenset())


def test_of_what_could_not_be_looked_up_the_last_counts() -> None:
    first, last = message(99.0), message(104.0)
    assert without_allowed_repeats([first, last], TIMES) == [last]


def test_at_any_other_time_both_are_seen() -> None:
    both = [message(99.0), message(140.0)]
    assert without_allowed_repeats(both, TIMES) == both


def test_other_parts_and_messages_without_a_notice_stay() -> None:
    all_of_them = [message(99.0), message(104.0, part=1), message(101.0, ""), message(102.0, "")]
    assert without_allowed_repeats(all_of_them, TIMES) == all_of_them
