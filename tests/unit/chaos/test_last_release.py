"""Which commit the last release is."""

import subprocess
from pathlib import Path

import pytest

from chaos.releases.last_release import name_of_last_release
from core.decisions.installation import OLDEST_SCHEMA

ALONE = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null", "PATH": "/usr/bin:/bin"}
PEOPLE = {
    f"GIT_{who}_{what}": "test@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
}


def git(root: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=root, env={**ALONE, **PEOPLE}, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def commit(root: Path, migration: str) -> str:
    versions = root / "migrations/versions"
    versions.mkdir(parents=True, exist_ok=True)
    (versions / f"{migration}_some.py").write_text("")
    git(root, "add", ".")
    git(root, "commit", "--message", migration)
    return git(root, "rev-parse", "HEAD")


@pytest.fixture
def history(tmp_path: Path) -> Path:
    """A repository with the migration that this release requires, the one before, and one more."""
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    return tmp_path


def test_without_tags_it_is_the_newest_commit_without_the_migration_that_is_required(history: Path) -> None:
    commit(history, "0001")
    before = commit(history, "0002")
    commit(history, OLDEST_SCHEMA)
    commit(history, "9999")
    assert name_of_last_release(history) == before


def test_a_branch_that_brings_the_migration_is_merged_as_a_whole(history: Path) -> None:
    commit(history, "0001")
    git(history, "switch", "--quiet", "--create", "branch")
    commit(history, OLDEST_SCHEMA)
    git(history, "switch", "--quiet", "main")
    before = commit(history, "0002")
    git(history, "merge", "--quiet", "--no-ff", "--message", "merged", "branch")
    assert name_of_last_release(history) == before


def test_a_tag_of_a_release_comes_first_and_never_that_of_this_commit(history: Path) -> None:
    for tag, migration in (("v0.1.0", "0001"), ("v0.2.0", OLDEST_SCHEMA), ("v0.3.0", "9999")):
        commit(history, migration)
        git(history, "tag", tag)
    git(history, "tag", "nightly")
    assert name_of_last_release(history) == "v0.2.0"


def test_a_clone_without_history_says_how_to_get_it(history: Path, tmp_path: Path) -> None:
    commit(history, "0001")
    commit(history, OLDEST_SCHEMA)
    commit(history, "9999")
    shallow = tmp_path / "shallow"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{history}", str(shallow))
    with pytest.raises(LookupError, match="git fetch --unshallow --tags"):
        name_of_last_release(shallow)


def test_a_folder_without_git_says_the_same(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match="no history"):
        name_of_last_release(tmp_path)
