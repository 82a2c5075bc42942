"""The rule about frozen copies."""

from typing import Any

import pytest

from .world import DEFINITION, RUN, STEPS, broken, kept, with_execution


@pytest.mark.parametrize("published", [None, {**DEFINITION, "description": "edited"}])
def test_a_run_of_something_else_than_its_version_is_a_violation(published: Any) -> None:
    assert broken(with_execution(kept(), RUN, published=published)) == {"the_frozen_copy_runs"}


def test_the_gate_of_an_agents_run_is_no_other_version() -> None:
    frozen = {"steps": [*STEPS, {"id": "agents_gate", "type": "approval"}]}
    proposed = with_execution(kept(), RUN, frozen=frozen, gate="agents_gate")
    assert "the_frozen_copy_runs" not in broken(proposed)
    assert "the_frozen_copy_runs" in broken(with_execution(kept(), RUN, frozen=frozen))
