"""Print a definition in the terminal: what it does, its status, and its changes since the approved version."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from bot.cards.words import one_line, visible
from bot.commands.usage import usage_line
from cli.client.output import facts, say, table
from core.decisions.quarantine import UNTIL
from core.definitions.parameters import declared
from core.definitions.yaml_format import to_yaml
from core.statuses import ApprovalStatus
from core.views.library import DefinitionView, RunbookWithDiff, WorkflowView, WorkflowWithDiff

GLOBAL = "global"

IsWorkflow = Annotated[bool, typer.Option("--workflow", help="Work with workflows instead of runbooks.")]
AnyWithDiff = RunbookWithDiff | WorkflowWithDiff


def definition_view(kind: str, shown: Mapping[str, Any]) -> AnyWithDiff:
    """Parse one definition of a REST answer. `kind`: `runbook` or `workflow`."""
    return (WorkflowWithDiff if kind == "workflow" else RunbookWithDiff).model_validate(shown)


def standing(view: DefinitionView) -> str:
    """Return a definition's status in words, and whether it is in force."""
    status = "under quarantine" if view.quarantine else view.status.value
    if isinstance(view, WorkflowView):
        return _standing_of_workflow(view, status)
    return status if view.status is ApprovalStatus.APPROVED else f"{status}, does not run"


def _standing_of_workflow(view: WorkflowView, status: str) -> str:
    if view.in_force_version is None:
        return f"{status}, does not start"
    in_force = "" if view.in_force_version == view.version else f", v{view.in_force_version} in force"
    return f"{status}{in_force}{'' if view.enabled else ', disabled'}"


def print_definition(view: AnyWithDiff) -> None:
    say(f"{view.name} v{view.version}, {standing(view)}")
    if isinstance(view, RunbookWithDiff):
        _print_runbook(view)
    else:
        next_at = f"{view.next_at:%Y-%m-%d %H:%M} UTC" if view.next_at else ""
        facts([*_facts(view), ("trigger", view.trigger_on), ("next at", next_at)])
    _print_changes(view)


def _facts(view: DefinitionView) -> list[tuple[str, str]]:
    approved = f"v{view.approved_version} by {view.approved_by}" if view.approved_version else ""
    return [
        ("id", view.id),
        ("team", view.team or GLOBAL),
        ("quarantine", f"{view.quarantine} {UNTIL}" if view.quarantine else ""),
        ("description", view.description),
        ("changed by", view.changed_by),
        ("approved", approved),
    ]


def _print_runbook(view: RunbookWithDiff) -> None:
    schema = view.definition.get("parameters") or {}
    usage = usage_line("runbook", view.name, schema).replace(view.name, f"{view.name} --incident ID", 1)
    facts([*_facts(view), ("usage", usage)])
    described = [(name, _described(inner)) for name, inner in declared(schema).items()]
    if described:
        say("")
        table(("parameter", "description"), described)
    say("")
    listed = [*view.definition["steps"], *view.definition.get("finally", ())]
    steps = [(step["id"], step["type"], one_line(step.get("name") or "")) for step in listed]
    table(("step", "type", "name"), steps)


def _print_changes(view: AnyWithDiff) -> None:
    """Print what an approver must read: the diff, or everything if no version was approved yet."""
    if view.status is ApprovalStatus.APPROVED:
        return
    say("")
    if view.diff is None:
        say(
            f"No version has been approved yet. The full definition:\n\n{visible(to_yaml(view.definition).rstrip())}"
        )
    elif not view.diff:
        say(f"Identical to the approved v{view.approved_version}.")
    else:
        say(f"Changes since the approved v{view.approved_version}:\n\n{visible(view.diff.rstrip())}")


def _described(schema: object) -> str:
    return one_line(str(schema.get("description", ""))) if isinstance(schema, dict) else ""
