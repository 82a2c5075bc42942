"""The detail: the steps' output, as a reply in the headline's thread."""

from collections.abc import Sequence, Set

from bot.cards.about import metadata, plain_title
from bot.cards.blocks import Message, context, section
from bot.cards.limits import MESSAGE_BLOCKS, MESSAGE_TEXT, SECTION_TEXT
from bot.cards.output_file import is_long, whole_output
from bot.cards.steps import step_title
from bot.cards.words import (
    SYMBOLS,
    as_text,
    bounded,
    code_block,
    duration,
    escape,
    escape_sentence,
    link,
    one_line,
    status_words,
)
from core.statuses import Status
from core.views.executions import ExecutionView, StepView

MOST_STEPS = MESSAGE_BLOCKS - 10
ALL_OUTPUT = 12_000  # characters of output in one reply: little enough to scroll through on a phone
LEAST_OUTPUT, MOST_OUTPUT = 300, 2_000  # characters of one step's output
ERROR_LENGTH = 500
ASKING = frozenset({"approval", "input"})  # the types of steps whose output says which person answered
MOST_CHILDREN, CHILD_LENGTH = 15, 160


def detail(
    execution: ExecutionView, steps: Sequence[StepView], *, files: Set[str] = frozenset(), page: str = ""
) -> Message:
    """Return the output of `steps`, at least one: those that ended since the last reply.

    `files`: the steps whose whole output follows as a file. `page`: the run's page, which shows everything.
    """
    shown = steps[:MOST_STEPS]
    room = min(max(ALL_OUTPUT // max(len(shown), 1), LEAST_OUTPUT), MOST_OUTPUT)
    blocks = [section(_step_text(step, room, _where(step, files, page))) for step in shown]
    if blocks:
        blocks[0]["block_id"] = f"detail.{execution.id}.{shown[0].id}"
    if len(steps) > len(shown):
        blocks.append(context(f"… {len(steps) - len(shown)} more"))
    return Message(_text(execution, shown), blocks, metadata(execution))


def _text(execution: ExecutionView, steps: Sequence[StepView]) -> str:
    ended = [f"{SYMBOLS[step.status]} {step_title(step)} {status_words(step.status)}" for step in steps]
    return bounded(f"{plain_title(execution)}: {', '.join(ended)}", MESSAGE_TEXT)


def _where(step: StepView, files: Set[str], page: str) -> str:
    """Return where all of a long output is; empty if this reply shows all of it."""
    if not is_long(step):
        return ""
    places = ["in the file below"] if step.id in files else []
    places += ["on the " + link(page, "run's page")] if page else []
    size = f"{len(whole_output(step)):,} characters"
    return f"Shortened; all {size} are {' and '.join(places)}." if places else f"Shortened from {size}."


def _step_text(step: StepView, room: int, where: str) -> str:
    """Return the step with its output. `where` is the last line, and is never cut off."""
    taken = duration(step.started_at, step.finished_at)
    lines = [f"{SYMBOLS[step.status]} *{step_title(step)}*{f' · {taken}' if taken else ''}"]
    if step.error:
        lines.append(bounded(escape_sentence(one_line(step.error)), ERROR_LENGTH))
    lines.extend(output_lines(step, room))
    text = bounded("\n".join(lines), SECTION_TEXT - len(where) - 1)
    return f"{text}\n{where}" if where else text


def output_lines(step: StepView, room: int) -> list[str]:
    """Return the step's output in at most about `room` characters: in words where we know them, otherwise as code."""
    output = step.output
    if output in (None, {}, "") or step.type == "message":  # the message is in the channel
        return []
    if isinstance(output, dict) and isinstance(output.get("children"), list):
        return _children_lines(output["children"])
    if isinstance(output, dict) and "exit_code" in output:
        return _shell_lines(output, room)
    if isinstance(output, dict) and "status" in output:
        return _http_lines(output, room)
    if isinstance(output, dict) and all(isinstance(value, str) for value in output.values()):
        said = ", ".join(_named(step, name, value) for name, value in output.items() if name != step.type)
        return [bounded(said, room)]
    return [code_block(as_text(output), room)]


def _named(step: StepView, name: str, value: str) -> str:
    """Return `approved by @anna`. Only who answered our own question is a mention; any other text is shown as it is."""
    is_ours = step.type in ASKING and name.endswith("_by")
    shown = escape_sentence(one_line(value)) if is_ours else escape(one_line(value))
    return f"{escape(one_line(name.replace('_', ' ')))} {shown}"


def _children_lines(children: list[dict[str, object]]) -> list[str]:
    """Return a line for each child run, those first that did not succeed."""
    by_need = sorted(children, key=lambda child: child.get("status") == Status.SUCCEEDED)
    lines = [_child_line(child) for child in by_need[:MOST_CHILDREN]]
    return [*lines, *([f"… {len(children) - MOST_CHILDREN} more"] if len(children) > MOST_CHILDREN else [])]


def _child_line(child: dict[str, object]) -> str:
    status = Status(str(child["status"]))
    name = escape(one_line(as_text(child.get("name"))))
    why = f": {escape_sentence(one_line(as_text(child['error'])))}" if child.get("error") else ""
    return bounded(f"{SYMBOLS[status]} {name} {status_words(status)}{why}", CHILD_LENGTH)


def _shell_lines(output: dict[str, object], room: int) -> list[str]:
    """Return stdout, then stderr, where the eye looks for it. Where both have text, each gets half the room."""
    streams = [(name, str(output.get(name) or "").strip()) for name in ("stdout", "stderr")]
    written = [(name, text) for name, text in streams if text]
    lines = [f"exit code {as_text(output['exit_code'])}"]
    if output.get("ended_with_it"):
        names = escape(one_line(as_text(output["ended_with_it"])))
        lines.append(f"⚠️ It left processes running, which were killed when it ended: {names}")
    if output.get("lingers"):
        lines.append("⚠️ Something that it started still holds its output on the host.")
    for name, text in written:
        lines += [name, code_block(text, room // len(written))]
    return lines


def _http_lines(output: dict[str, object], room: int) -> list[str]:
    body = next((output[name] for name in ("body", "text", "json") if output.get(name)), None)
    lines = [f"status {as_text(output['status'])}"]
    if isinstance(output.get("url"), str):  # of a job in another system, which may still be running
        lines.append(escape(one_line(str(output["url"]))))
    return [*lines, code_block(as_text(body), room)] if body is not None else lines
