from typing import Any

import pytest

from slack_sandbox.values import Json, SlackError
from slack_sandbox.workspace.modals import Modals
from tests.unit.slack_sandbox.building import ALICE, BOB, NOW


def modal(**fields: Any) -> Json:
    return {"type": "modal", "blocks": [{"type": "divider"}], **fields}


def test_views_stack_three_high() -> None:
    modals = Modals()
    root = modals.open(ALICE, modal(), NOW)
    second = modals.push(ALICE, modal(), NOW)
    third = modals.push(ALICE, modal(), NOW)
    assert (third.root_view_id, third.previous_view_id) == (root.id, second.id)
    with pytest.raises(SlackError, match="push_limit_reached"):
        modals.push(ALICE, modal(), NOW)


def test_nothing_is_pushed_where_nothing_is_open() -> None:
    with pytest.raises(SlackError, match="not_found"):
        Modals().push(ALICE, modal(), NOW)


def test_an_external_id_is_used_once() -> None:
    modals = Modals()
    view = modals.open(ALICE, modal(external_id="mine"), NOW)
    assert modals.update(view, modal(external_id="mine"), NOW).id == view.id
    with pytest.raises(SlackError, match="duplicate_external_id"):
        modals.open(BOB, modal(external_id="mine"), NOW)


def test_an_update_changes_the_hash() -> None:
    modals = Modals()
    view = modals.open(ALICE, modal(), NOW)
    assert modals.update(view, modal(), NOW).hash != view.hash


def test_closing_a_view_closes_those_above_it() -> None:
    modals = Modals()
    root = modals.open(ALICE, modal(), NOW)
    second = modals.push(ALICE, modal(), NOW)
    assert modals.close(root) == [second, root]
    assert modals.stack(ALICE) == []


def test_a_closed_view_is_not_found() -> None:
    modals = Modals()
    view = modals.open(ALICE, modal(external_id="mine"), NOW)
    modals.clear(ALICE)
    for wanted in ({"view_id": view.id}, {"external_id": "mine"}):
        with pytest.raises(SlackError, match="not_found"):
            modals.find(**wanted)
