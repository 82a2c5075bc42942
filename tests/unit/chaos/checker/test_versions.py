"""The rule about frozen copies."""

from typing import Any

import pytest

from .world import DEFINITION, RUN, broken, kept, with_execution


@pytest.mark.parametrize("published", [None, {**DEFINITION, "description": "edited"}])
def test_a_run_of_something_else_than_its_version_is_a_violation(published: Any) -> None:
    assert broken(with_execution(kept(), RUN, published=published)) == {"the_frozen_copy_runs"}
