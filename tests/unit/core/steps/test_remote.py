"""Steps that act in other systems: what is shown of them, what they hand on, and how they know what is theirs."""

from datetime import timedelta
from typing import Any

import pytest

from core.definitions.runbook import CaseIncident, RunbookDefinition
from core.definitions.sources import load_documents
from core.definitions.steps import step_types
from core.effects.job_steps import RemoteStep
from core.effects.job_values import Job, Progress, marked_attempt, progress_from
from core.effects.remote import web_link
from core.services.executions.loading import policy_of
from core.services.shared.incident_scope import incident_scope
from core.simulation.context import SimulationContext
from core.simulation.plan import plan_steps
from core.tables import Incident, Team
from tests.unit.core.decisions.building import NOW

REMOTE = [name for name, model in step_types().items() if issubclass(model, RemoteStep)]
KEY = "rbx_0123456789abcdef.deploy"


def example(kind: str) -> dict[str, Any]:
    (document,) = load_documents(step_types()[kind].example, file="example")
    return document.data


def planned(step: dict[str, Any]) -> Any:
    """The request of a dry run, whose ports refuse every call."""
    document = {"kind": "runbook", "name": "x", "parameters": {"properties": {"cluster": {"type": "string"}}}}
    definition = RunbookDefinition.model_validate({**document, "steps": [step]})
    incident = Incident(
        id="inc_1", team=Team(name="web"), opened_by="U1", **CaseIncident().model_dump(exclude={"team"})
    )
    context = SimulationContext(definition, {"cluster": "orders"}, incident_scope(incident), "U1")
    (only,) = plan_steps(context, NOW)
    assert only.error is None
    return only.request


@pytest.mark.parametrize("kind", REMOTE)
def test_a_dry_run_shows_the_request_and_calls_nothing(kind: str) -> None:
    request = planned(example(kind))

    assert request["url"].startswith("https://")
    assert "secrets" not in str(request)
    assert "rbx_" not in str(request)


def test_secrets_among_what_is_sent_are_shown_by_name() -> None:
    step = example("github_actions") | {"inputs": {"password": "{{ secrets.PASSWORD }}"}}

    assert planned(step)["body"]["inputs"] == {"password": "{{ secrets.PASSWORD }}"}


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("github_actions", {"key_input": None}),
        ("jenkins", {"key_parameter": None}),
        ("awx", {"key_variable": None}),
    ],
)
def test_without_a_key_a_lost_attempt_is_a_question(kind: str, change: dict[str, object]) -> None:
    model = step_types()[kind]

    assert policy_of(model.model_validate(example(kind))).finds_lost_attempts
    assert not policy_of(model.model_validate(example(kind) | change)).finds_lost_attempts


@pytest.mark.parametrize(
    ("text", "attempt"),
    [
        (f"{KEY}.1", 1),
        (f"Deploy ({KEY}.12)", 12),
        (f'{{"runbook_key": "{KEY}.3"}}', 3),
        (f"deploy-{KEY}.2-orders", 2),
        (f"{KEY}.1\n{KEY}.2", 2),
        ("Deploy", None),
        (f"{KEY}.", None),
        (f"{KEY}s.1", None),
        ("rbx_fedcba9876543210.deploy.1", None),
        ("rbx_0123456789abcdefxdeploy.1", None),
    ],
)
def test_what_carries_a_mark_of_ours(text: str, attempt: int | None) -> None:
    assert marked_attempt(text, KEY) == attempt


@pytest.mark.parametrize(
    "progress",
    [
        Progress(2, 1, NOW),
        Progress(1, 1, NOW, Job("7", "https://x/7", "queued", where={"item": 7}), NOW + timedelta(seconds=3)),
    ],
)
def test_progress_comes_back_as_it_went(progress: Progress) -> None:
    assert progress_from(progress.to_json()) == progress


def test_what_a_system_says_is_bounded() -> None:
    assert len(Job("7", "https://x/7", "x" * 1_000_000).status) == 100


@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://x", "", None, 7, "https://" + "x" * 3_000])
def test_an_address_that_no_browser_should_open_is_replaced(url: Any) -> None:
    assert web_link(url, "https://ours") == "https://ours"
    assert web_link("https://theirs", "https://ours") == "https://theirs"
