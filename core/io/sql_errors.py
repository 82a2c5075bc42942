"""What a database session reports, whatever its library."""


class StatementFailed(Exception):
    """The server refused the statement: it had no effect."""


class ConnectionLost(Exception):
    """The connection ended before the server answered."""
