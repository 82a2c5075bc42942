"""The action `log_line`: add a line to a file."""

import threading
from pathlib import Path
from typing import Literal

from core.definitions.actions import ActionDefinition
from core.definitions.fields import TemplateText
from core.definitions.templates import render_text
from core.execution.preparation import Context, Outside, Prepared
from core.values.execution import Failed, StepResult, Succeeded


class LogLineAction(ActionDefinition):
    """Add `line` to the file at `path` on the worker's machine."""

    example = """
id: noted
type: log_line
path: /var/log/incidents
line: "{{ incident.title }}"
"""

    type: Literal["log_line"]
    path: TemplateText
    """The file; it is made if it is not there."""
    line: TemplateText
    """The line."""

    def prepare(self, context: Context) -> Prepared:
        path = render_text(self.path, context.scope, ("path",))
        line = render_text(self.line, context.scope, ("line",))
        shown = context.masker.mask_value({"path": path, "line": line})
        return Outside(shown, lambda stop: append(Path(path), line, stop))


def append(path: Path, line: str, _stop: threading.Event) -> StepResult:
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
    except OSError as error:
        return Failed(f"{path} cannot be written: {error.strerror}.")
    return Succeeded({"path": str(path)})
