"""Whatever people write, Slack takes every message and view, and obeys none of it. `make blocks` tries 10,000 times."""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition

from tests.blocks.checking import problems
from tests.blocks.makers import MAKERS, Maker

# The same examples each time, and no search for the smallest: `make blocks` tries new ones.
some = settings(
    deadline=None,
    max_examples=8,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


TRIES = 3


@pytest.mark.parametrize("maker", MAKERS, ids=lambda maker: maker.name)
def test_slack_takes_it_and_obeys_nothing(maker: Maker) -> None:
    @some
    @given(st.data())
    def check(data: st.DataObject) -> None:
        values: tuple[Any, ...] = data.draw(maker.values)
        shown = maker.make(*values)
        assert shown is None or problems(shown) == []

    for left in reversed(range(TRIES)):
        try:
            check()
        except (
            FlakyStrategyDefinition
        ):  # Hypothesis at times loses its way in values of this size: ours is not tried
            if not left:
                raise
        else:
            return
