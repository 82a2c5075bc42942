"""What goes wrong with a server that we bring ourselves."""

from core.errors import RunbookError


class EmbeddedServiceError(RunbookError):
    """An embedded server cannot be used. The message says what happened, where, and what would be right."""
