"""Puts into the site what the documents refer to outside their folder: README, SECURITY, examples, single files.

In the repository, a document links to `../Procfile`. The site has a page for it, `repository/Procfile.html`, and the
link leads there. A folder's page lists what is in it.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).parents[2]
HERE = PurePosixPath("repository")
LINK = re.compile(r"(\]\()([^)#\s:]+)(#[^)\s]*)?(\))")
LANGUAGES = {".py": "python", ".yaml": "yaml", ".yml": "yaml", ".md": "markdown", ".sh": "sh"}


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that documents refer to, and those that these refer to in turn."""
    _add(files, config, "index.md", (ROOT / "README.md").read_text(encoding="utf-8"))
    wanted = {"SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", *_outside("README.md")}
    for document in sorted((ROOT / "docs").rglob("*.md")):
        wanted |= set(_outside(str(document.relative_to(ROOT))))
        folder = document.parent
        if folder.name == "docs":
            continue
        _add(files, config, f"{folder.relative_to(ROOT / 'docs')}/README.md", _contents(folder, ""))
    done: set[str] = set()
    while wanted - done:
        path = min(wanted - done)
        done.add(path)
        _add(files, config, page_of(path), text_of(path))
        wanted |= set(_outside(path) if path.endswith(".md") else _inside(path))
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001
    """Have each link lead to where the site has what it leads to in the repository."""
    source = source_of(page.file.src_uri)

    def led(link: re.Match[str]) -> str:
        target = _resolved(source, link[2])
        if target is None:
            return link[0]
        there = os.path.relpath(page_of(target), PurePosixPath(page.file.src_uri).parent)
        return f"{link[1]}{there}{link[3] or ''}{link[4]}"

    return "".join(part if code else LINK.sub(led, part) for code, part in _parts(markdown))


def page_of(path: str) -> str:
    """Return the page of a path of the repository, as the site's own path: `docs/install.md` is `install.md`."""
    if path.startswith("docs/"):
        return (
            path.removeprefix("docs/")
            if not (ROOT / path).is_dir()
            else f"{path.removeprefix('docs/')}/README.md"
        )
    if path == "README.md":
        return "index.md"
    return str(HERE / path) if path.endswith(".md") else str(HERE / f"{path}.md")


def source_of(page: str) -> str:
    """Return the path in the repository from which a page was made."""
    if page == "index.md":
        return "README.md"
    if not page.startswith(f"{HERE}/"):
        return f"docs/{page}"
    path = page.removeprefix(f"{HERE}/")
    return path if (ROOT / path).exists() else path.removesuffix(".md")


def text_of(path: str) -> str:
    """Return the text of the page for a file or folder outside docs."""
    place = ROOT / path
    if place.is_dir():
        return _contents(place, f"{place.name}/")
    text = place.read_text(encoding="utf-8")
    if path.endswith(".md"):
        return text
    return f"# {path}\n\n````{LANGUAGES.get(place.suffix, 'text')}\n{text}\n````\n"


def _contents(folder: Path, before: str) -> str:
    """Return a list of a folder's files. `before`: what leads from its page into the folder."""
    links = [f"- [{each.name}]({before}{each.name})" for each in _shown(folder)]
    return "\n".join([f"# {folder.relative_to(ROOT)}", "", *links, ""])


def _add(files: Files, config: MkDocsConfig, uri: str, text: str) -> None:
    if files.get_file_from_path(uri) is None:
        files.append(File.generated(config, uri, content=text))


def _outside(path: str) -> Iterator[str]:
    """Yield what a document links to in the repository, outside docs."""
    for code, part in _parts((ROOT / path).read_text(encoding="utf-8")):
        for link in () if code else LINK.finditer(part):
            target = _resolved(path, link[2])
            if target is not None and not target.startswith("docs/") and target != "README.md":
                yield target


def _inside(path: str) -> Iterator[str]:
    """Yield the files of a folder."""
    if (ROOT / path).is_dir():
        yield from (str(each.relative_to(ROOT)) for each in _shown(ROOT / path))


def _shown(folder: Path) -> list[Path]:
    return sorted(each for each in folder.iterdir() if each.suffix in LANGUAGES and each.is_file())


def _resolved(source: str, link: str) -> str | None:
    """Return the path in the repository that a link of this document leads to, or None if there is none."""
    place = Path(os.path.normpath((ROOT / source).parent / link))
    return str(place.relative_to(ROOT)) if place.is_relative_to(ROOT) and place.exists() else None


def _parts(markdown: str) -> Iterator[tuple[bool, str]]:
    """Yield the document in parts, and whether each is code."""
    for number, part in enumerate(re.split(r"(```.*?```|`[^`\n]+`)", markdown, flags=re.DOTALL)):
        yield number % 2 == 1, part
