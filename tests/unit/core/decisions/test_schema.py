"""Which releases work with which schema: before a migration, after it, and after a rollback of the release."""

import pytest

from core.decisions.installation import Schema, check_compatible
from core.errors import Unavailable

MIGRATE = "Run `runbook migrate`."
UNFIT = (
    "A newer release migrated the database to 0027; this release (0025) cannot use it. Run a release that can"
)


@pytest.mark.parametrize(
    ("schema", "why_not"),
    [
        (Schema(None), f"The database is empty; this release needs migration 0025. {MIGRATE}"),
        (
            Schema("0022"),
            f"The database is at migration 0022; this release needs 0023 or newer. {MIGRATE}",
        ),
        (Schema("0023"), ""),
        (Schema("0024", "0010"), ""),
        (Schema("0025", "0010"), ""),
        (Schema("0027", "0010"), ""),
        (Schema("0027", "0025"), ""),
        (Schema("0027", "0026"), f"{UNFIT} (0026 or newer)."),
        (Schema("0027"), f"{UNFIT}."),
    ],
)
def test_which_schemas_a_release_works_with(schema: Schema, why_not: str) -> None:
    said = ""
    try:
        check_compatible(schema, newest="0025", oldest="0023")
    except Unavailable as error:
        said = str(error)
    assert said == why_not
