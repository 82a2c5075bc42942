"""The page that newcomers read first says what is so."""

import re
from pathlib import Path

import grimp
import pytest

PAGE = Path("docs/architecture.md").read_text(encoding="utf-8")
ROWS = {
    folder: set(standing.split(", ")) - {"nothing"}
    for folder, standing in re.findall(r"^\| `core/(\w+)` \|.*\| ([^|]+) \|$", PAGE, re.MULTILINE)
}
IMPORTS = grimp.build_graph("core", exclude_type_checking_imports=True)


def imported_by(folder: str) -> set[str]:
    inside = {f"core.{folder}"} | IMPORTS.find_descendants(f"core.{folder}")
    found = {each for module in inside for each in IMPORTS.find_modules_directly_imported_by(module)}
    return {each.split(".")[1] for each in found if "." in each} & ROWS.keys() - {folder}


def test_every_folder_of_core_has_a_row() -> None:
    folders = {path.parent.name for path in Path("core").glob("*/__init__.py")}
    assert folders == ROWS.keys()


@pytest.mark.parametrize("folder", ROWS)
def test_a_folder_stands_on_what_the_page_says(folder: str) -> None:
    assert imported_by(folder) == ROWS[folder]


def test_each_row_stands_only_on_rows_further_down() -> None:
    order = list(ROWS)
    for place, folder in enumerate(order):
        assert ROWS[folder] <= set(order[place + 1 :]), folder


@pytest.mark.parametrize(
    "path", sorted(set(re.findall(r"`((?:core|bot|cli|workers)/[\w/]+(?:\.py)?)`", PAGE)))
)
def test_a_path_that_the_page_names_is_there(path: str) -> None:
    assert Path(path).exists()
