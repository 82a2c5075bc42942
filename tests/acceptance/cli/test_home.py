"""Only embedded services need a home: with both addresses set, nothing writes one."""

from pathlib import Path

import pytest

from cli.embedded import Services
from tests.acceptance.cli.processes import Operator
from tests.acceptance.cli.test_operators_mistakes import ALONE


@pytest.fixture
def environment(tmp_path: Path, services: Services, database_url: str) -> dict[str, str]:
    """With a home that not even root can make: it is below a file."""
    (tmp_path / "file").write_text("no folder")
    external = {"DATABASE_URL": database_url, "REDIS_URL": services.redis_url}
    return {**ALONE, **external, "RUNBOOK_HOME": str(tmp_path / "file" / "home")}


@pytest.mark.parametrize("process", ["worker", "poster", "clock", "web"])
def test_a_process_on_external_services_needs_no_home(
    operator: Operator, environment: dict[str, str], process: str
) -> None:
    with operator.started(environment, process) as running:
        running.until(f"{process} starts")
        assert running.ends() == 0, running.printed
    assert "RUNBOOK_HOME" not in running.printed


@pytest.mark.parametrize(
    "command", [("token", "list"), ("secrets", "list"), ("audit", "verify"), ("restored",)]
)
def test_a_command_on_external_services_needs_no_home(
    operator: Operator, environment: dict[str, str], command: tuple[str, ...]
) -> None:
    status, printed = operator.said(environment, *command)
    assert status == 0, printed


def test_embedded_services_do_and_say_so(operator: Operator, environment: dict[str, str]) -> None:
    status, printed = operator.said({**environment, "REDIS_URL": ""}, "token", "list")
    assert (status, "RUNBOOK_HOME" in printed) == (1, True)
