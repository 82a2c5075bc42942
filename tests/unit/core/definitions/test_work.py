"""The allowance for all the work of one request."""

import pytest

from core.definitions.cel.expressions import TooMuchWork, at_most, spend


def test_nothing_is_counted_where_nobody_said_how_much() -> None:
    spend(10**12)


def test_an_allowance_is_shared_by_all_that_is_inside() -> None:
    with at_most(10) as allowance:
        spend(6)
        with pytest.raises(TooMuchWork):
            spend(5)
        spend(4)
    assert allowance.left == 0


def test_one_within_another_has_no_more_than_that_has_left() -> None:
    with at_most(10) as outer:
        with at_most(100), pytest.raises(TooMuchWork):
            spend(11)
        with at_most(4) as inner:
            spend(3)
        assert (inner.left, outer.left) == (1, 7)
