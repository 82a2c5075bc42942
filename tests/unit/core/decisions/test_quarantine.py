"""Which definition lost workers are blamed on."""

from datetime import datetime, timedelta

import pytest

from core.decisions.quarantine import CALM, ENOUGH, ENOUGH_IN_A_STORM, is_to_blame, storm_begins
from tests.unit.core.decisions.building import NOW


def losses(count: int) -> list[datetime]:
    """Losses, newest first, one every 12 seconds."""
    return [NOW - timedelta(seconds=12 * i) for i in range(count)]


@pytest.mark.parametrize(
    ("count", "elsewhere", "blamed"),
    [
        (1, False, False),
        (2, False, False),
        (3, False, True),
        (3, True, False),
        (9, True, False),
        (10, True, True),
    ],
)
def test_three_are_enough_in_calm_and_ten_in_a_storm(count: int, elsewhere: bool, blamed: bool) -> None:
    assert is_to_blame(losses(count), elsewhere=elsewhere) is blamed
    assert (ENOUGH, ENOUGH_IN_A_STORM) == (3, 10)


def test_a_storm_may_begin_a_little_before_the_last_three_losses() -> None:
    assert storm_begins(losses(2)) is None
    assert storm_begins(losses(5)) == NOW - timedelta(seconds=24) - CALM
