"""The boundary of the command line: its log, and what it says of an error. The list of commands needs neither."""

import sys
from pathlib import Path

from cli.environment import environment
from cli.log_setup import masker_of_environment, set_up_logging
from cli.operator_errors import sentence_of, unforeseen_text


def begin_logging() -> None:
    """Log to standard error, with secrets masked, until the command sets up a log of its own."""
    set_up_logging(masker_of_environment(environment()), output=sys.stderr)


def said_of(error: Exception) -> str:
    """Return the error as a sentence, or as a traceback if it is unexpected, with secrets masked."""
    given = environment()
    home = Path(given.get("RUNBOOK_HOME", "").strip() or ".runbook")
    return masker_of_environment(given).mask(sentence_of(error, home) or unforeseen_text(error))
