"""Shell completion: commands, and the names and ids that the service knows."""

import subprocess
from collections.abc import Callable

import pytest

from cli.main import Commands
from core.tables import Incident
from core.unit_of_work import UnitOfWorkFactory
from tests.acceptance.cli.conftest import Cli
from tests.world import start_run

Complete = Callable[[str], list[str]]


@pytest.fixture
def complete(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Complete:
    """What bash is offered for the last word of a line."""

    def offered(line: str) -> list[str]:
        monkeypatch.setenv("_RUNBOOK_COMPLETE", "complete_bash")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        outcome = cli()
        assert (outcome.status, outcome.err) == (0, "")
        return outcome.out.split()

    return offered


def test_commands_and_options_are_completed(complete: Complete) -> None:
    assert complete("runbook re") == [name for name in Commands.lazy if name.startswith("re")]
    assert {"ack", "resolve", "note"} <= set(complete("runbook incident "))
    assert "--watch" in complete("runbook status --w")


def test_names_and_ids_come_from_the_service(
    complete: Complete, incident: Incident, unit_of_work: UnitOfWorkFactory
) -> None:
    run = start_run(unit_of_work, incident, "db-check", cluster="orders")
    number = f"inc-{incident.number}"

    assert complete("runbook run db-c") == ["db-check"]
    assert "web-restart" not in complete("runbook run ")  # of another team
    assert complete("runbook run db-check --incident inc") == [number]
    assert complete("runbook status ") == [number, run]
    assert complete("runbook status rbx_") == complete("runbook cancel ") == [run]
    assert complete("runbook retry ") == []
    assert complete("runbook incident ack ") == [number]


def test_where_nothing_answers_nothing_is_offered(
    complete: Complete, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNBOOK_URL", "http://127.0.0.1:9")
    assert complete("runbook run ") == []
    monkeypatch.setenv("RUNBOOK_URL", "no address")
    assert complete("runbook run ") == []
    assert complete("runbook ru") == ["run"]


def test_nothing_is_offered_that_a_shell_would_evaluate(
    complete: Complete, unit_of_work: UnitOfWorkFactory
) -> None:
    with unit_of_work.begin() as work:
        work.session.connection().exec_driver_sql(
            "UPDATE runbooks SET name = 'db-$(touch gone)' WHERE name = 'db-check'"
        )
    assert complete("runbook run db-") == ["db-failover"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_a_script(cli: Cli, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    monkeypatch.setenv("_RUNBOOK_COMPLETE", f"source_{shell}")
    script = cli().out
    assert f"_RUNBOOK_COMPLETE=complete_{shell}" in script
    if shell == "bash":
        registered = f"{script}\ncomplete -p runbook"
        done = subprocess.run(["bash", "-c", registered], capture_output=True, text=True, check=True)
        assert "runbook_completion" in done.stdout
