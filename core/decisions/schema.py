"""Whether a release works with the schema that the database has: before a migration, and after a newer one's.

A release is named by its newest migration, and so is a schema.
"""

from dataclasses import dataclass

from core.errors import Unavailable

OLDEST_SCHEMA = "0021"  # that this release works with: the newest migration that made what its tables need


@dataclass(frozen=True, slots=True)
class Schema:
    """`revision`: where the database is; None: it has no tables of ours. `oldest_code`: what it says works with it."""

    revision: str | None
    oldest_code: str | None = None


def check_compatible(schema: Schema, newest: str, oldest: str = OLDEST_SCHEMA) -> None:
    """Raise Unavailable where a release that works with the schemas `oldest` to `newest` does not with this one."""
    if schema.revision is None:
        raise Unavailable(
            f"The database is empty, and this release needs {newest}.", hint="Run `runbook migrate`."
        )
    if schema.revision < oldest:
        sentence = (
            f"The database is at migration {schema.revision}, and this release needs {oldest} or newer."
        )
        raise Unavailable(sentence, hint="Run `runbook migrate`.")
    if schema.revision > newest and (schema.oldest_code is None or schema.oldest_code > newest):
        of_those = f" ({schema.oldest_code} or newer)" if schema.oldest_code else ""
        sentence = f"A newer release migrated the database to {schema.revision}; this one ({newest}) does not fit it."
        raise Unavailable(sentence, hint=f"Run a release that does{of_those}.")
