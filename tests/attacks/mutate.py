"""Whether each guard is needed: switched off in a copy of the code, one after the other, and the attacks run again.

    python -m tests.attacks.mutate [NAME …]

A guard is a table `[[guard]]` in tests/attacks/guards/*.toml: its `name`, `why` it is there, the `file` where it
stands, the text to `find` there (once), what to `replace` it with, and the `tests` that must fail without it. Exit
status 0: each was missed by a test. A guard that nobody misses, or whose text is not there any more, is a defect.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUARDS = Path(__file__).with_name("guards")
FAILED = re.compile(
    r"^\d+ failed|, \d+ error|^\d+ error", re.MULTILINE
)  # and not a pytest that could not start
RED = 1  # pytest's exit status where tests ran and some of them failed
SECONDS = 300  # for the attacks on one guard


@dataclass(frozen=True)
class Guard:
    name: str
    why: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]


def all_guards() -> Iterator[Guard]:
    for path in sorted(GUARDS.glob("*.toml")):
        for table in tomllib.loads(path.read_text())["guard"]:
            yield Guard(**{**table, "tests": tuple(table["tests"])})


def copy_tree(target: Path) -> None:
    """The files that git knows, and those that it would."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    for name in filter(None, listed.stdout.split("\0")):
        source = ROOT / name
        if source.is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)


def switch_off(guard: Guard, tree: Path) -> None:
    """Raises ValueError where the guard does not stand there exactly once."""
    path = tree / guard.file
    text = path.read_text()
    if text.count(guard.find) != 1:
        raise ValueError(f"{guard.find!r} stands {text.count(guard.find)} times in {guard.file}, not once.")
    path.write_text(text.replace(guard.find, guard.replace))


def run_tests(
    tree: Path, arguments: Sequence[str], seconds: float | None = None
) -> subprocess.CompletedProcess[str]:
    """Run pytest on the copy. Raises TimeoutExpired after so many seconds."""
    environ = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(
        command, cwd=tree, env=environ, capture_output=True, text=True, timeout=seconds, check=False
    )


def attack(guard: Guard, tree: Path) -> str:
    """What came of it: `missed` is right, the tests noticed; anything else is not."""
    try:
        switch_off(guard, tree)
    except (ValueError, OSError) as error:
        return str(error)
    try:
        done = run_tests(tree, ["-n", "0", "-x", *guard.tests], SECONDS)
    except subprocess.TimeoutExpired:
        return "missed"  # a guard against taking for ever is missed by what takes for ever
    if done.returncode == RED and FAILED.search(done.stdout):
        return "missed"
    return f"nobody missed it (pytest's exit status {done.returncode}): {done.stdout[-300:].strip()}"


def main(names: list[str]) -> int:
    guards = [guard for guard in all_guards() if not names or guard.name in names]
    if not guards:
        print(f"There is no guard {' '.join(names)}: their names are in {GUARDS.relative_to(ROOT)}/*.toml.")
        return 1
    bad = 0
    with tempfile.TemporaryDirectory(prefix="guards-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        before = run_tests(tree, sorted({test for guard in guards for test in guard.tests}))
        if before.returncode:
            print(f"Nothing can be proved: tests fail with all guards in place.\n{before.stdout[-2_000:]}")
            return 1
        for guard in guards:
            original = (tree / guard.file).read_text() if (tree / guard.file).is_file() else None
            outcome = attack(guard, tree)
            bad += outcome != "missed"
            print(f"{'ok ' if outcome == 'missed' else 'BAD'} {guard.name}: {outcome}", flush=True)
            if original is not None:
                (tree / guard.file).write_text(original)
    print(f"{len(guards)} guards switched off, {len(guards) - bad} missed, {bad} not.")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
