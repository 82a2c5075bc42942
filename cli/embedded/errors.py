"""What goes wrong with a server that we bring ourselves."""


class EmbeddedServiceError(Exception):
    """An embedded server cannot be used. The message says what happened, where, and what would be right."""
