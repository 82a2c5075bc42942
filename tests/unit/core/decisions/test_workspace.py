"""Whether a request is from our workspace."""

import pytest

from core.decisions.installation import (
    A_STRANGER,
    ANOTHER_APP,
    ANOTHER_ENTERPRISE,
    ANOTHER_WORKSPACE,
    Sender,
    Workspace,
    refusal_of,
)

ALONE = Workspace("T1", "", "A1")
IN_A_GRID = Workspace("T1", "E1", "A1")
TEAM_ALONE = Workspace("T1")


@pytest.mark.parametrize(
    ("workspace", "sender", "refusal"),
    [
        (ALONE, Sender("T1", None, "A1", None), None),
        (ALONE, Sender("T1", None, "A1", "T1"), None),
        (ALONE, Sender("T2", None, "A1", "T2"), ANOTHER_WORKSPACE),
        (ALONE, Sender(None, None, "A1", None), ANOTHER_WORKSPACE),
        (ALONE, Sender("T1", None, "A2", "T1"), ANOTHER_APP),
        (ALONE, Sender("T1", None, None, "T1"), ANOTHER_APP),
        (ALONE, Sender("T1", "E2", "A1", "T1"), ANOTHER_ENTERPRISE),
        (ALONE, Sender("T1", None, "A1", "T2"), A_STRANGER),
        (ALONE, Sender("T1", None, "A1", ""), A_STRANGER),
        (IN_A_GRID, Sender("T1", "E1", "A1", "E1"), None),
        (IN_A_GRID, Sender("T1", None, "A1", "T1"), None),
        (IN_A_GRID, Sender("T1", "E2", "A1", "T1"), ANOTHER_ENTERPRISE),
        (IN_A_GRID, Sender("T1", "E1", "A1", "E2"), A_STRANGER),
        (TEAM_ALONE, Sender("T1", "E2", "A2", "T1"), None),
        (TEAM_ALONE, Sender("T2", None, None, None), ANOTHER_WORKSPACE),
        (Workspace(), Sender("T1", None, "A1", None), ANOTHER_WORKSPACE),
        (Workspace(), Sender(None, None, None, None), ANOTHER_WORKSPACE),
    ],
)
def test_who_is_heard(workspace: Workspace, sender: Sender, refusal: str | None) -> None:
    assert refusal_of(sender, workspace) == refusal


def test_what_is_set_goes_before_what_is_learned() -> None:
    assert Workspace("T1").or_else(Workspace("T2", "", "A2")) == Workspace("T1", "", "A2")
    assert Workspace().or_else(ALONE) == ALONE
