"""A document says whether its workflow is enabled, but this is not versioned."""

import pytest

from core.services.library.kinds import with_enabled, without_enabled

SILENT = {"name": "w", "trigger": {"on": "manual"}, "actions": []}
ENABLED, DISABLED = ({"name": "w", "enabled": flag, "trigger": {"on": "manual"}} for flag in (True, False))


@pytest.mark.parametrize(("document", "flag"), [(SILENT, True), (ENABLED, True), (DISABLED, False)])
def test_what_says_so_already_stays_as_it_was_written(document: dict[str, object], flag: bool) -> None:
    assert repr(with_enabled(document, flag)) == repr(document)


def test_what_is_said_is_said_where_it_stood() -> None:
    assert repr(with_enabled(ENABLED, False)) == repr(DISABLED)
    assert repr(with_enabled(DISABLED, True)) == repr(ENABLED)


def test_what_was_silent_says_it_before_the_trigger() -> None:
    assert list(with_enabled(SILENT, False)) == ["name", "enabled", "trigger", "actions"]


def test_what_is_versioned_is_the_rest() -> None:
    assert without_enabled(ENABLED) == without_enabled(DISABLED) == {"name": "w", "trigger": {"on": "manual"}}
