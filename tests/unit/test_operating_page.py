"""The page for operators names every setting, address and right."""

from pathlib import Path

import pytest

from core.settings import Settings
from migrations.grants import LIMITED

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")
SHORTENED = {"RUNBOOK_ALERT_SECRET_PAGERDUTY", "RUNBOOK_ALERT_SECRET_SENTRY"}  # as `…_SENTRY`
OTHERS = ["RUNBOOK_URL", "RUNBOOK_TOKEN", "RUNBOOK_CONCURRENCY", "/healthz", "/readyz", "/metrics"]


@pytest.mark.parametrize(
    "name", [*sorted({str(each.alias) for each in Settings.model_fields.values()} - SHORTENED), *OTHERS]
)
def test_a_setting_and_an_address_are_in_the_page(name: str) -> None:
    assert f"`{name}" in PAGE


@pytest.mark.parametrize("table", LIMITED)
def test_the_rights_that_migrate_gives_are_in_the_page(table: str) -> None:
    assert f"GRANT {LIMITED[table]} ON {table} TO runbook_app;" in PAGE
