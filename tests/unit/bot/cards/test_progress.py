import pytest

from bot.cards.progress import bar, progress_words
from core.statuses import Status
from tests.unit.bot.cards.building import done, execution, step


@pytest.mark.parametrize(
    ("over", "total", "drawn"),
    [
        (0, 8, "▱▱▱▱▱▱▱▱▱▱"),
        (1, 1000, "▰▱▱▱▱▱▱▱▱▱"),
        (3, 8, "▰▰▰▰▱▱▱▱▱▱"),
        (999, 1000, "▰▰▰▰▰▰▰▰▰▱"),
        (8, 8, "▰▰▰▰▰▰▰▰▰▰"),
    ],
)
def test_the_bar_is_full_only_when_all_is_over_and_empty_only_before_the_first(
    over: int, total: int, drawn: str
) -> None:
    assert bar(over, total) == drawn


def test_the_words_count_what_did_not_go_as_planned() -> None:
    steps = (
        done("a"),
        step("b", Status.SKIPPED),
        step("c", Status.FAILED),
        step("d", Status.UNKNOWN),
        step("e"),
    )
    assert progress_words(execution(*steps)) == "1 of 5 steps done, 1 skipped, 1 in doubt, 1 failed"
