"""The checker's results: violations, and the type of a rule."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from chaos.checker.facts import Facts


@dataclass(frozen=True)
class Violation:
    """A broken promise: the rule, the id of the subject, and a sentence."""

    rule: str
    subject: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.sentence}"


Finding = tuple[str, str]  # the subject's id, and the sentence
Rule = Callable[[Facts], Iterator[Finding]]
