"""The names that people script against: each list is here as it was promised, and nothing of it may be lost."""

from typing import Any

import typer.main

from bot.actions import BUTTONS
from bot.cards.about import metadata
from bot.cards.gate import REJECT
from bot.commands import incidents, workflows
from bot.commands.dispatch import COMMANDS
from bot.rest.incidents import IncidentBody
from cli.main import app
from core.alerts.vendors import Vendor
from core.definitions.actions import action_types
from core.definitions.steps import step_types
from core.definitions.workflow import WorkflowDefinition
from core.identifiers import Prefix, new_id
from core.settings import Settings
from core.statuses import Severity, Status, WaitingFor
from core.views.executions import ExecutionView, StepView
from tests.unit.bot.cards.building import execution


def words(text: str) -> set[str]:
    return set(text.split())


def test_settings() -> None:
    promised = words(
        "DATABASE_URL REDIS_URL RUNBOOK_HOME SLACK_BOT_TOKEN SLACK_SIGNING_SECRET SLACK_APP_TOKEN SLACK_API_URL"
        " PORT PUBLIC_URL RUNBOOK_ADMINS RUNBOOK_SHELL RUNBOOK_EGRESS RUNBOOK_SINGLE_ADMIN DATABASE_OWNER_URL"
        " RUNBOOK_SHELL_USER RUNBOOK_SHELL_WRAPPER RUNBOOK_SHELL_PROGRAMS RUNBOOK_AUDIT_HEAD_FILE RUNBOOK_AWS_TEAMS"
        " RUNBOOK_AUDIT_HEAD_URL"
        " SLACK_CLIENT_ID SLACK_CLIENT_SECRET"
        " SLACK_TEAM_ID SLACK_ENTERPRISE_ID SLACK_APP_ID HOST RUNBOOK_LOG RUNBOOK_LOG_LEVEL"
        " RUNBOOK_ALERT_SECRET_GRAFANA RUNBOOK_ALERT_SECRET_PAGERDUTY RUNBOOK_ALERT_SECRET_SENTRY"
        " RUNBOOK_KEEP_RUNS RUNBOOK_KEEP_WORKFLOW_RUNS RUNBOOK_TRACES_URL"
        " RUNBOOK_LIMITS RUNBOOK_MCP RUNBOOK_SECRET_FOLDERS VAULT_ADDR VAULT_TOKEN VAULT_TOKEN_FILE VAULT_NAMESPACE"
    )
    assert promised == {field.alias for field in Settings.model_fields.values()}
    defaults = Settings.from_environment({})
    assert (defaults.port, defaults.shell, str(defaults.home)) == (8000, "off", ".runbook")


def verbs() -> dict[str, Any]:
    """Typer's own copy of click has no types that may be named."""
    group: Any = typer.main.get_command(app)
    commands: dict[str, Any] = group.commands
    return commands


def test_the_verbs_of_the_command_line() -> None:
    promised = words(
        "demo up web socket poster worker clock migrate doctor validate apply test token run list show status cancel"
        " retry approve reject schema audit export policy secrets verdict freeze thaw incident"
    )
    commands = verbs()
    assert promised - set(commands) == set()


def test_the_options_of_the_command_line() -> None:
    commands = verbs()
    for verb, option in (
        ("demo", "--headless"),
        ("apply", "--approve"),
        ("run", "--incident"),
        ("run", "--wait"),
        ("worker", "--concurrency"),
        ("retry", "--from"),
    ):
        assert option in _options(commands[verb]), verb
    assert {"--user", "--name"} <= _options(commands["token"].commands["create"])


def test_every_verb_that_answers_answers_json() -> None:
    commands = verbs()
    answering = words(
        "validate apply test run list show status cancel retry approve reject verdict freeze thaw"
    )
    assert [verb for verb in answering if "--json" not in _options(commands[verb])] == []


def _options(command: Any) -> set[str]:
    return {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}


def test_the_sub_commands_in_slack() -> None:
    promised = words(
        "run list show status cancel retry approvals history approve deprecate freeze unfreeze incident help"
        " workflow stats"
    )
    assert promised - set(COMMANDS) == set()
    assert words("open ack resolve close show") - set(incidents.VERBS) == set()
    assert "run" in workflows.VERBS


def test_the_buttons() -> None:
    promised = words("approval.approve approval.reject run.cancel run.retry")
    verdicts = words("verdict.ran verdict.did_not_run verdict.run_again")
    assert {*BUTTONS, REJECT} == promised | verdicts | words("workflow.cancel")


def test_the_metadata_of_a_message() -> None:
    told = metadata(execution())
    payload: Any = told["event_payload"]
    assert told["event_type"] == "runbook_execution"
    assert words("execution_id runbook runbook_version status incident_id workflow_execution_id") <= set(
        payload
    )
    assert payload["workflow_execution_id"] is None


def test_the_prefixes_of_ids() -> None:
    promised = words("inc rbk rbx wfl wfx apr")
    assert promised <= {prefix.value for prefix in Prefix}
    assert new_id(Prefix.INCIDENT).startswith("inc_")


def test_the_words_for_states() -> None:
    assert set(Status) == words(
        "pending running waiting succeeded failed cancelled timed_out skipped unknown"
    )
    assert words("approval timer callback verdict lock") <= set(WaitingFor)
    assert list(Severity) == ["info", "low", "medium", "high", "critical"]


def test_what_an_incident_is_made_of() -> None:
    assert set(IncidentBody.model_fields) == words(
        "title description severity service team labels slack_channel"
    )
    needed = {name for name, field in IncidentBody.model_fields.items() if field.is_required()}
    assert needed == words("title severity team")


def test_what_an_execution_shows() -> None:
    promised = words(
        "id runbook runbook_id runbook_version status waiting_for incident_id workflow_execution_id requested_by"
        " parameters steps error created_at started_at finished_at"
    )
    assert promised - set(ExecutionView.model_fields) == set()
    steps = words("id type status attempt started_at finished_at output error")
    assert steps - set(StepView.model_fields) == set()


def test_the_types_of_steps_actions_and_triggers() -> None:
    assert words("http shell approval wait message callback") - set(step_types()) == set()
    actions = words("runbook webhook message delay set jira linear branch")
    assert actions - set(action_types()) == set()
    triggers = str(WorkflowDefinition.model_fields["trigger"])
    for class_ in words("IncidentCreated IncidentStatusChanged IncidentEscalated IncidentAge Manual"):
        assert class_ in triggers


def test_the_vendors_of_alerts() -> None:
    assert set(Vendor) == words("alertmanager pagerduty grafana sentry datadog")
