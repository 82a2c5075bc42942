"""What a database session reports, whatever its library."""


class StatementFailed(Exception):
    """The server refused the statement. `was_executed`: whether it had begun, so that it may have had an effect that no
    transaction contains.
    """

    def __init__(self, reason: str, *, was_executed: bool = True) -> None:
        super().__init__(reason)
        self.was_executed = was_executed


class ConnectionLost(Exception):
    """The connection ended before the server answered."""
