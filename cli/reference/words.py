"""The page of all sentences that people read in Slack, in refusals and in errors, taken from the code that says them.

They stand where they are said, so that a reader of the code sees them; this page is the catalogue to read at one go.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from cli.reference.markdown import page

ROOT = Path(__file__).parents[2]
PARTS = {
    "Slack: cards and messages": (
        "bot/cards",
        "bot/poster",
        "core/decisions/timeline.py",
        "core/services/shared",
    ),
    "Slack: commands, buttons and forms": ("bot/commands", "bot/modals", "bot/*.py"),
    "Definitions": ("core/definitions",),
    "Runs and their steps": ("core/execution", "core/effects", "core/steps", "core/actions", "core/io"),
    "Decisions and rights": ("core/decisions", "core/services", "core/*.py"),
    "REST and pages": ("bot/rest", "bot/pages"),
}
# What these are called with is for logs, the database, the parser of patterns or the API's description.
NOT_SAID = frozenset(
    {"text", "re.compile", "Field", "Query", "Path", "Header", "StringConstraints", "getattr"}
)
PLACEHOLDER = re.compile(r"\{[^{}]*\}")
WORDS = re.compile(r"[A-Za-z]{2,}[^\w\s]*\s+[^\w\s]*[a-z]")
SQL = re.compile(r"^\s*(SELECT|INSERT|UPDATE|DELETE|LISTEN|NOTIFY|SET|LOCK|WITH|AND|ORDER|WHERE)\b")
INTRODUCTION = """
Everything that people read, in one place: to read it aloud, and to find out where a sentence comes from. Each stands in
the code where it is said; `{…}` is what is filled in there.
"""


def words_page() -> str:
    """Return the catalogue: a section for each part of the product, with its sentences in the order of the code."""
    listed: set[Path] = set()
    sections = [_section(title, _files(places, listed)) for title, places in PARTS.items()]
    return page("Every sentence", INTRODUCTION, *sections)


def _files(places: tuple[str, ...], listed: set[Path]) -> Iterator[Path]:
    """Yield the modules of these places that no earlier section has."""
    for place in places:
        found = ROOT.glob(place) if place.endswith(".py") else (ROOT / place).rglob("*.py")
        for path in sorted(set(found) - listed):
            listed.add(path)
            yield path


def _section(title: str, paths: Iterator[Path]) -> str:
    lines = [line for path in paths for line in _lines(path)]
    return "\n".join([f"## {title}", "", *lines])


def _lines(path: Path) -> list[str]:
    said = sentences(path.read_text(encoding="utf-8"))
    where = path.relative_to(ROOT)
    return [f"**{where}**", "", *(f"- {_shown(sentence)}" for sentence in said), ""] if said else []


def _shown(sentence: str) -> str:
    """Return it in one line as Markdown, as it is."""
    flat = " ⏎ ".join(part.strip() for part in sentence.strip().splitlines() if part.strip())
    return re.sub(r"([*<\[\\])", r"\\\1", flat)


def sentences(source: str) -> list[str]:
    """Return what a module says to people: texts of several words that are no docstrings, log lines or statements."""
    finder = _Finder()
    finder.visit(ast.parse(source))
    return list(dict.fromkeys(finder.found))


class _Finder(ast.NodeVisitor):
    """Collects texts in the order of the source."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_Call(self, node: ast.Call) -> None:
        name = ast.unparse(node.func)
        if name not in NOT_SAID and not name.startswith("log."):
            self.generic_visit(node)

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        self._add(_text(node))

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._add(node.value)

    def _add(self, text: str) -> None:
        if WORDS.search(PLACEHOLDER.sub("", text)) and not SQL.match(text):
            self.found.append(text)


def _text(node: ast.JoinedStr) -> str:
    """Return an f-string with the names of its values in braces."""
    return "".join(
        str(part.value) if isinstance(part, ast.Constant) else f"{{{_named(part)}}}" for part in node.values
    )


def _named(part: ast.expr) -> str:
    value = part.value if isinstance(part, ast.FormattedValue) else part
    return ast.unparse(value) if isinstance(value, ast.Name | ast.Attribute) else "…"
