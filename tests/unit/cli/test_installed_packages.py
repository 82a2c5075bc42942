from cli.installed_packages import TOP_LEVEL, packages


def test_a_package_that_brings_a_name_of_ours_is_named() -> None:
    finding = packages({"core": ["runbook", "acme-core", None], "cli": ["runbook"], "yaml": ["PyYAML"]})
    assert not finding.ok
    assert finding.message == "Also installed by others: core (by acme-core)."
    assert "virtual environment" in finding.hint


def test_our_own_names_are_well_also_where_nothing_lists_them() -> None:
    assert packages({name: ["runbook"] for name in TOP_LEVEL}).ok
    assert packages({}).ok  # an editable installation lists no files
