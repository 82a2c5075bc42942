"""The owner of a lock."""

import pytest

from core.definitions.runbook import full_name, short_name
from core.definitions.validate import validate_text
from core.errors import InvalidInput

RUNBOOK = "kind: runbook\nname: r\n{team}lock: {lock}\nsteps: [{{id: a, type: message, text: hello}}]\n"


@pytest.mark.parametrize(
    ("written", "rendered", "runbook_team", "full"),
    [
        ("db/orders", "db/orders", "web", "team:web/db/orders"),
        ("db/orders", "db/orders", None, "team:web/db/orders"),  # so both exclude each other
        ("global/dns", "global/dns", None, "global/dns"),
        ("{{ params.x }}", "global/dns", None, "team:web/global/dns"),
        ("{{ params.x }}", "team:data/db", "web", "team:web/team:data/db"),
    ],
)
def test_a_lock_is_the_incidents_teams(
    written: str, rendered: str, runbook_team: str | None, full: str
) -> None:
    assert full_name(written, rendered, runbook_team, "web") == full
    assert short_name(full) == rendered


@pytest.mark.parametrize("written", ["global/dns", "{{ params.x }}"])
def test_a_teams_runbook_takes_no_lock_of_everybody(written: str) -> None:
    with pytest.raises(InvalidInput, match="only a global runbook"):
        full_name(written, "global/dns", "web", "web")


@pytest.mark.parametrize(("team", "problems"), [("team: web\n", 1), ("", 0)])
def test_it_is_found_when_it_is_written(team: str, problems: int) -> None:
    _, found = validate_text(RUNBOOK.format(team=team, lock="global/dns"), "test.yaml")

    assert len(found) == problems
    assert all(problem.field == "lock" for problem in found)
