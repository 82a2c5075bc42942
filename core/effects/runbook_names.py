"""Finds the runbook that a template names, such as `{{ incident.labels.runbook }}`.

The name often comes from outside, in an alert, so it opens nothing that a fixed name would not: the runbook must be
global or of the incident's team, and approved, and fit the allow-list if there is one. Another team's runbook is
refused with the same sentence as one that does not exist.
"""

import re
from collections.abc import Mapping, Sequence

from core.definitions.problems import one_of
from core.definitions.pydantic_problems import described
from core.definitions.templates import render_text
from core.errors import ExpressionError, NotAllowed, NotRunnable, RunbookError
from core.services.library.runbooks import check_runnable, runbook_for
from core.tables import Incident, Runbook
from core.unit_of_work import UnitOfWork

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
INSTEAD = "Start the right one by hand with `/runbook run`, or correct the name where it comes from."


def chosen_runbook(
    work: UnitOfWork,
    incident: Incident,
    template: str,
    only: Sequence[str] | None,
    scope: Mapping[str, object],
) -> Runbook:
    """Return the approved runbook that `template` names over `scope`.

    `only`: the allow-list: names, or beginnings of names followed by `*`; None: any. Raises NotRunnable, whose sentence
    says what was looked for, why it was not found, and what to do.
    """
    try:
        name = render_text(template, scope).strip()
    except ExpressionError as error:
        raise NotRunnable(
            f"No runbook was started: {template} cannot be evaluated. {error}", hint=INSTEAD
        ) from error
    try:
        _check_name(name, only)
        runbook = runbook_for(work, name, incident)
        check_runnable(runbook)
    except RunbookError as error:
        raise NotRunnable(
            f"No runbook was started: {template} {_gives(name)}. {error}", hint=INSTEAD
        ) from error
    return runbook


def _gives(name: str) -> str:
    return f"gives {described(name)}" if name else "is empty"


def _check_name(name: str, only: Sequence[str] | None) -> None:
    if not name:
        raise NotAllowed("It must give the name of a runbook.")
    if not NAME.fullmatch(name):
        raise NotAllowed("That cannot be the name of a runbook.")
    if only is not None and not any(fits(name, pattern) for pattern in only):
        raise NotAllowed(f"This workflow allows only {one_of(only)}.")


def fits(name: str, pattern: str) -> bool:
    """Return whether the name equals the pattern, or begins like it if it ends with `*`."""
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern
