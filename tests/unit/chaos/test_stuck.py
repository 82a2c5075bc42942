"""Adding up how long something that is due waits."""

from chaos.diagnostics import Waits


def test_what_is_due_again_at_the_same_revision_waits() -> None:
    waits = Waits()
    assert waits.look({"rbx_1": 3}, 1.0) == {"rbx_1": 0.0}
    assert waits.look({"rbx_1": 3}, 1.0) == {"rbx_1": 1.0}
    assert waits.look({"rbx_1": 3, "rbx_2": 0}, 2.0) == {"rbx_1": 3.0, "rbx_2": 0.0}


def test_whoever_is_touched_begins_anew() -> None:
    waits = Waits()
    waits.look({"rbx_1": 3}, 1.0)
    assert waits.look({"rbx_1": 4}, 1.0) == {"rbx_1": 0.0}


def test_whoever_is_not_due_for_a_while_begins_anew() -> None:
    waits = Waits()
    for due in ({"rbx_1": 3}, {}, {"rbx_1": 3}):
        waited = waits.look(due, 1.0)
    assert waited == {"rbx_1": 0.0}


def test_seconds_in_which_something_was_away_do_not_count() -> None:
    waits = Waits()
    for seconds in (1.0, 1.0, 0.0):
        waited = waits.look({"rbx_1": 3}, seconds)
    assert waited == {"rbx_1": 1.0}
