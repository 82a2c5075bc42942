"""The whole output of a step as a text file: its reply in the thread has room only for the beginning and the end."""

import json
from dataclasses import dataclass

from core.views.executions import ExecutionView, StepView

LONG = 2_000  # characters: more than a reply shows of one step
TOLD_OTHERWISE = frozenset({"message", "approval", "input", "runbook", "parallel"})


@dataclass(frozen=True)
class OutputFile:
    """A file to upload. `name` contains the id of its notice, by which an upload without an answer is found again."""

    name: str
    title: str
    text: str


def output_file(execution: ExecutionView, position: int, notice_id: str) -> OutputFile | None:
    """Return the file with the output of the step at `position`; None if it has none."""
    step = execution.steps[position]
    text = whole_output(step)
    if not text:
        return None
    title = f"Output of step {step.id} of {execution.runbook}"
    return OutputFile(f"{step.id}.{notice_id}.txt", title, f"{text}\n")


def is_long(step: StepView) -> bool:
    """Return True if the output is longer than a reply in the thread shows."""
    return len(whole_output(step)) > LONG


def whole_output(step: StepView) -> str:
    """Return all that is stored of the output: secrets were masked and its length limited before it was stored."""
    output = step.output
    if output in (None, {}, "") or step.type in TOLD_OTHERWISE:
        return ""
    if isinstance(output, dict) and "exit_code" in output:
        return _of_command(output)
    body = _body(output)
    return body if body is not None else _json(output)


def _of_command(output: dict[str, object]) -> str:
    streams = [(name, str(output.get(name) or "").strip("\n")) for name in ("stdout", "stderr")]
    return "\n\n".join(f"--- {name} ---\n{text}" for name, text in streams if text)


def _body(output: object) -> str | None:
    """Return the text of a response; None if there is no text, or it is not one."""
    found = (
        [output[name] for name in ("body", "text") if output.get(name)] if isinstance(output, dict) else []
    )
    return found[0] if found and isinstance(found[0], str) else None


def _json(output: object) -> str:
    return json.dumps(output, indent=2, ensure_ascii=False, default=str)
