"""A document as YAML text: the same text for the same document, and read back unchanged by `sources`."""

import math
import re
from collections.abc import Mapping
from typing import Any

import yaml

from core.definitions.yaml_scalars import BadScalar, plain_scalar

SEPARATOR = "---\n"
TEXT = "tag:yaml.org,2002:str"
# What PyYAML takes for a line break besides \n: https://yaml.org/spec/1.1/#b-char
_OTHER_BREAKS = re.compile("[\r\x85\u2028\u2029]")


def to_yaml(document: Mapping[str, object]) -> str:
    """Answer the YAML of plain JSON, its keys in their order."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=math.inf)


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, which are refused when read, and indents the entries of lists."""

    # Only in YAML 1.1 is `on` no text; every trigger has that key, and nobody writes it in quotes.
    yaml_implicit_resolvers = {
        first: known for first, known in yaml.SafeDumper.yaml_implicit_resolvers.items() if first != "o"
    }

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 as PyYAML calls it
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 as PyYAML calls it
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(TEXT, text, style=_style(text))


_Dumper.add_representer(str, _represent_text)


def _style(text: str) -> str | None:
    """A block for several lines, quotes where our reader would take it for something else; None: as PyYAML thinks."""
    if _OTHER_BREAKS.search(text):
        return '"'
    if "\n" in text:
        return "|" if not text[0].isspace() and not text.endswith("\n\n") else '"'
    return None if _reads_as_text(text) else "'"


def _reads_as_text(text: str) -> bool:
    try:
        return isinstance(plain_scalar(text, is_plain=True), str)
    except BadScalar:
        return False
