"""A package of somebody else, installed beside ours: its step type and its action type are there, and run."""

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from cli.main import app
from core.callbacks import CallbackLinks
from core.definitions.actions import action_types
from core.definitions.runbook import RunbookDefinition
from core.definitions.steps import step_types
from core.definitions.workflow import WorkflowDefinition
from core.tables import WorkflowExecution
from core.unit_of_work import UnitOfWorkFactory
from tests.conftest import RecordedJobs
from tests.integration.core.world import CoreWorld
from tests.world import TEAMS, Target, apply_documents, new_executor, new_incident, see, start_run, work_off

LINKS = CallbackLinks("https://runbooks.example", "the secret")
ROOT = Path(__file__).parents[3]
PLUGIN = ROOT / "tests" / "plugin"

RUNBOOK = """
kind: runbook
name: look-up
parameters: {properties: {host: {type: string, default: localhost}}}
steps:
  - {id: address, type: dns, host: "{{ params.host }}"}
  - {id: told, type: message, text: "{{ steps.address.output.addresses[0] }}"}
tests:
  - name: it is found
    steps: {address: {output: {addresses: [10.0.0.1]}}}
    expect: {status: succeeded, requests: {address: {host: localhost}, told: {text: 10.0.0.1}}}
"""
WORKFLOW = """
kind: workflow
name: note-it
trigger: {on: incident.created}
actions:
  - {id: noted, type: log_line, path: PATH, line: "{{ incident.title }}"}
"""


DEPLOY = """
kind: runbook
name: roll-out
team: database
steps:
  - {id: deployed, type: deploy, url: "URL", version: v1}
tests:
  - name: it is followed
    steps: {deployed: [{json: {id: 7}}, {no_answer: true}, {json: {status: done}}]}
    expect: {status: succeeded}
"""


@pytest.fixture
def plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Installed for one test, and gone without a trace."""
    monkeypatch.syspath_prepend(PLUGIN)
    _discover_again()
    yield
    monkeypatch.undo()
    for name in [name for name in sys.modules if name.partition(".")[0] == "acme_runbook"]:
        del sys.modules[name]
    _discover_again()
    assert "dns" not in step_types()


def _discover_again() -> None:
    importlib.invalidate_caches()
    step_types.cache_clear()
    action_types.cache_clear()
    for model in (RunbookDefinition, WorkflowDefinition):
        model.model_rebuild(force=True)


@pytest.mark.usefixtures("plugin")
def test_its_step_runs(unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + RUNBOOK)
    found = start_run(unit_of_work, new_incident(unit_of_work), "look-up")
    lost = start_run(unit_of_work, new_incident(unit_of_work), "look-up", host="no-such-name.invalid")
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)

    address, told = see(unit_of_work, found).steps
    assert (address.status, address.request) == ("succeeded", {"host": "localhost"})
    assert (address.output, told.output) == ({"addresses": ["127.0.0.1"]}, {"text": "127.0.0.1"})
    error = see(unit_of_work, lost).error
    assert error
    assert "Step address: no-such-name.invalid has no address" in error


@pytest.mark.usefixtures("plugin")
def test_its_action_runs(
    unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs, tmp_path: Path
) -> None:
    apply_documents(unit_of_work, TEAMS + "---" + WORKFLOW.replace("PATH", str(tmp_path / "log")))
    new_incident(unit_of_work, title="Orders down")
    work_off(unit_of_work, new_executor(unit_of_work), recorded_jobs.enqueued)

    with unit_of_work.begin() as work:
        (row,) = work.session.scalars(select(WorkflowExecution))
    assert row.status == "succeeded"
    assert (tmp_path / "log").read_text() == "Orders down\n"


@pytest.mark.usefixtures("plugin")
def test_its_step_may_be_one_that_is_called_back(
    unit_of_work: UnitOfWorkFactory, recorded_jobs: RecordedJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_types()["dns"], "is_called_back", True)
    ask = '- {id: asked, type: message, text: "tell {{ callbacks.address }}"}'
    apply_documents(unit_of_work, TEAMS + "---" + RUNBOOK.replace("steps:\n", f"steps:\n  {ask}\n", 1))
    run = start_run(unit_of_work, new_incident(unit_of_work), "look-up")
    work_off(unit_of_work, new_executor(unit_of_work, callbacks=LINKS), recorded_jobs.enqueued)

    asked = see(unit_of_work, run).steps[0]
    assert asked.status == "succeeded", asked.error
    assert "***" in str(asked.output), "nobody else may see the address"


@pytest.mark.usefixtures("plugin")
def test_its_step_may_be_one_that_follows_what_it_started(world: CoreWorld, target: Target) -> None:
    target.bodies |= {"/deployments?version=v1": b'{"id": 7}', "/deployments/7": b'{"status": "going"}'}
    apply_documents(world.unit_of_work, DEPLOY.replace("URL", target.url))
    run = start_run(world.unit_of_work, world.incident, "roll-out")
    world.work()
    world.pass_by(seconds=10)
    assert world.step(run).error == "The deployment goes on."

    target.bodies["/deployments/7"] = b'{"status": "done"}'
    world.pass_by(seconds=10)

    assert world.statuses(run) == ["succeeded"]
    assert target.paths() == ["/deployments?version=v1", "/deployments/7", "/deployments/7"]


@pytest.mark.usefixtures("plugin")
def test_its_looks_get_the_answers_of_a_test_one_by_one(tmp_path: Path) -> None:
    text = DEPLOY.replace("URL", "https://deploy.example").replace("team: database\n", "")
    (tmp_path / "roll-out.yaml").write_text(text)

    assert "ok      roll-out: it is followed" in cli("test", str(tmp_path))


def cli(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.usefixtures("plugin")
def test_validation_schema_reference_and_tests_know_its_types(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text(f"{RUNBOOK}---{WORKFLOW}")
    assert "2 definitions" in cli("validate", str(tmp_path))
    assert "ok      look-up: it is found" in cli("test", str(tmp_path))
    step = json.loads(cli("schema", "runbook"))["$defs"]["DnsStep"]
    assert step["properties"]["host"]["description"] == "The name."
    cli("reference", str(tmp_path / "reference"))
    assert "Look `host` up" in (tmp_path / "reference" / "steps.md").read_text()
    assert "### `log_line`" in (tmp_path / "reference" / "actions.md").read_text()


def test_contributing_shows_its_step_as_it_is() -> None:
    """What the guide says is what was followed."""
    for name in ("dns.py", "deploy.py"):
        assert (PLUGIN / "acme_runbook" / name).read_text() in (ROOT / "CONTRIBUTING.md").read_text()
    declared = (PLUGIN / "acme_runbook-1.0.dist-info" / "entry_points.txt").read_text()
    for line in declared.splitlines():
        name, sign, target = line.partition(" = ")
        assert not sign or f'{name} = "{target}"' in (ROOT / "CONTRIBUTING.md").read_text()
