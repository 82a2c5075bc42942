"""Looking at runbooks from a terminal, and what stands in the way of any verb."""

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from core.decisions.quarantine import UNTIL
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.cli.conftest import Cli
from tests.conftest import ADMIN
from tests.world import LOST, apply_documents, suspect

GREET = """
kind: workflow
name: greet
trigger: {on: manual}
actions: [{id: tell, type: message, text: hello}]
"""
VACUUM = """
kind: workflow
name: vacuum
team: database
trigger: {on: schedule, cron: "0 3 * * MON", timezone: Europe/Berlin, incident: {title: Vacuum}}
actions: [{id: tell, type: message, text: hello}]
"""
LONG = """
kind: runbook
name: web-drain
description: "Take a node out of the pool, wait until nobody talks to it any more, and [bold]say so[/bold]."
steps:
  - {id: pause, type: wait, for: 1h, name: Wait for the last one}
"""


def test_the_list_has_ones_own_and_the_global_runbooks_by_name(
    cli: Cli, unit_of_work: UnitOfWorkFactory
) -> None:
    apply_documents(unit_of_work, LONG)
    outcome = cli("list")

    lines = outcome.out.splitlines()
    names = [line.split()[0] for line in lines if line and not line.startswith((" ", "─", "runbook"))]
    assert outcome.status == 0
    assert names == ["db-check", "db-draft", "db-failover", "say-hello", "web-drain"]
    assert max(map(len, lines)) <= 80
    assert "draft, does not run" in outcome.out
    assert "[bold]say so[/bold]" in " ".join(outcome.out.split())


def test_the_list_as_json_is_that_of_the_api(cli: Cli) -> None:
    runbooks = json.loads(cli("list", "--json").out)["runbooks"]

    assert {runbook["name"]: runbook["team"] for runbook in runbooks}["db-check"] == "database"


def test_a_runbook_is_shown_with_how_to_run_it(cli: Cli) -> None:
    shown = cli("show", "db-check").out

    assert shown.startswith("db-check v1, approved\n")
    assert "runbook run db-check --incident ID cluster=orders|users [depth=INTEGER]" in " ".join(
        shown.split()
    )
    assert "Look at a cluster." in shown


def test_a_runbook_under_quarantine_says_so_and_why(cli: Cli, unit_of_work: UnitOfWorkFactory) -> None:
    suspect(unit_of_work, "db-check")

    listed, shown = cli("list").out, " ".join(cli("show", "db-check").out.split())
    assert listed.endswith(f"\ndb-check is under quarantine. {LOST}\n")
    assert shown.startswith("db-check v1, under quarantine, does not run")
    assert f"quarantine {LOST} {UNTIL}" in shown
    assert "quarantine" not in cli("show", "say-hello").out


def test_a_runbook_as_json_is_that_of_the_api(cli: Cli) -> None:
    runbook = json.loads(cli("show", "db-check", "--json").out)["runbook"]

    assert (runbook["name"], runbook["version"], runbook["status"]) == ("db-check", 1, "approved")


def test_a_draft_is_shown_with_what_it_changes_in_the_approved_version(
    cli: Cli, unit_of_work: UnitOfWorkFactory
) -> None:
    apply_documents(unit_of_work, LONG)
    shown = cli("show", "web-drain").out
    assert "@@" not in shown
    assert "Changes since" not in shown

    apply_documents(unit_of_work, LONG.replace("for: 1h", "for: 2h"), approve=False)
    changes = cli("show", "web-drain").out.partition("Changes since the approved v1:\n")[2].splitlines()
    assert changes[1:3] == ["--- web-drain v1 (approved)", "+++ web-drain v2 (draft)"]
    assert [line.split() for line in changes[3:] if line.startswith(("-", "+"))] == [
        ["-", "for:", "1h"],
        ["+", "for:", "2h"],
    ]


def test_a_draft_of_which_nothing_was_approved_says_so(cli: Cli) -> None:
    _, said, whole = cli("show", "db-draft").out.partition(
        "No version has been approved yet. The full definition:\n\n"
    )
    assert said
    assert whole.startswith("kind: runbook\nname: db-draft\n")


def test_a_draft_that_says_what_was_approved_says_so(cli: Cli, unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, LONG)
    apply_documents(unit_of_work, LONG.replace("for: 1h", "for: 2h"), approve=False)
    apply_documents(unit_of_work, LONG, approve=False)

    assert cli("show", "web-drain").out.endswith("\nIdentical to the approved v1.\n")


def test_what_another_team_owns_is_not_there(cli: Cli) -> None:
    outcome = cli("show", "web-restart")

    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err.startswith("runbook: There is no runbook web-restart.")


def test_a_name_with_a_slash_stays_a_name(cli: Cli) -> None:
    outcome = cli("show", "../incidents")

    assert outcome.status == 1
    assert "execution" not in outcome.out


@pytest.mark.parametrize(("token", "sentence"), [("", "RUNBOOK_TOKEN is not set."), ("rbt_no", "not valid.")])
def test_without_a_good_token_it_says_how_to_get_one(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, token: str, sentence: str
) -> None:
    monkeypatch.setenv("RUNBOOK_TOKEN", token)
    outcome = cli("list")

    assert outcome.status == 1
    assert sentence in outcome.err
    assert "runbook token create --user SLACK_ID --name NAME" in outcome.err


def test_an_option_goes_before_the_environment(cli: Cli) -> None:
    outcome = cli("list", "--url", "http://127.0.0.1:9")

    assert outcome.status == 1
    assert outcome.err.startswith("runbook: Nothing answers at http://127.0.0.1:9.")


def test_without_an_address_it_asks_this_machine_at_its_port(
    cli: Cli, origin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RUNBOOK_URL")
    monkeypatch.setenv("PORT", origin.rpartition(":")[2])

    assert cli("list").status == 0


def test_the_command_as_a_process_of_its_own(cli: Cli) -> None:
    """`cli` gives it the address and the token."""

    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "cli", *arguments]
        return subprocess.run(
            command, env=os.environ, capture_output=True, text=True, timeout=60, check=False
        )

    good, bad = run("list"), run("show", "no-such")

    assert (good.returncode, good.stderr) == (0, "")
    assert "db-check" in good.stdout
    assert "\x1b" not in good.stdout
    assert (bad.returncode, bad.stdout) == (1, "")
    assert bad.stderr.startswith("runbook: There is no runbook no-such.")
    assert bad.stderr.count("\n") == 1


def as_admin(speak_as: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, answer: str | None) -> None:
    """A platform admin; at a terminal, where they give an answer."""
    speak_as(ADMIN)
    terminal = io.StringIO("" if answer is None else f"{answer}\n")
    monkeypatch.setattr(terminal, "isatty", lambda: answer is not None)
    monkeypatch.setattr(sys, "stdin", terminal)


@pytest.mark.parametrize(("answer", "status"), [("y", "approved"), ("n", "draft")])
def test_a_definition_is_approved_at_a_terminal_once_it_was_shown(
    cli: Cli,
    speak_as: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    status: str,
) -> None:
    as_admin(speak_as, monkeypatch, answer)
    outcome = cli("approve", "db-draft")

    assert outcome.status == 0
    assert "The full definition:\n\nkind: runbook\nname: db-draft\n" in outcome.out
    assert outcome.out.index("kind: runbook") < outcome.out.index("Approve db-draft v1?")
    assert ("Approved db-draft v1" in outcome.out) is (answer == "y")
    assert json.loads(cli("show", "db-draft", "--json").out)["runbook"]["status"] == status


def test_a_script_names_the_version_that_somebody_read(
    cli: Cli,
    unit_of_work: UnitOfWorkFactory,
    speak_as: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    as_admin(speak_as, monkeypatch, None)
    nobody = cli("approve", "db-draft")
    assert (nobody.status, "--version N" in nobody.err) == (1, True)
    stale = cli("approve", "db-draft", "--version", "2")
    assert (stale.status, "db-draft is at version 1, not at version 2." in stale.err) == (1, True)
    answer = cli("approve", "db-draft", "--version", "1", "--reason", "Read it.", "--json")
    assert json.loads(answer.out)["runbook"]["approved_version"] == 1
    assert "approved already" not in cli("approve", "db-draft", "--version", "1").out


def test_workflows_are_listed_shown_and_approved_alike(
    cli: Cli,
    unit_of_work: UnitOfWorkFactory,
    speak_as: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    apply_documents(unit_of_work, GREET)
    apply_documents(unit_of_work, GREET.replace("hello", "good bye"), approve=False)
    as_admin(speak_as, monkeypatch, "y")
    listed = " ".join(cli("list", "--workflow").out.split())
    assert "greet global draft, v1 in force operator" in listed
    shown = cli("show", "--workflow", "greet").out
    assert shown.startswith("greet v2, draft, v1 in force\n")
    assert "+    text: good bye" in shown
    assert "Approved greet v2" in cli("approve", "--workflow", "greet").out
    assert cli("show", "--workflow", "greet").out.startswith("greet v2, approved\n")
    assert "already approved" in cli("approve", "--workflow", "greet").out


def test_a_scheduled_workflow_is_shown_with_its_next_time(cli: Cli, unit_of_work: UnitOfWorkFactory) -> None:
    apply_documents(unit_of_work, VACUUM)
    shown = " ".join(cli("show", "vacuum", "--workflow").out.split())
    assert re.search(r"trigger schedule next at [0-9]{4}-[0-9]{2}-[0-9]{2} 0[12]:00 UTC", shown)
