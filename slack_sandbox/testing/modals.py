"""An open modal: filling it in, submitting and closing it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from slack_sandbox.testing.connection import Connection
from slack_sandbox.testing.failures import FormRefused, NotShown
from slack_sandbox.testing.values import entered_value
from slack_sandbox.testing.words import Element, Wanted, find_button, find_field, matches, shown, words_of
from slack_sandbox.values import Json


@dataclass
class Modal:
    """A view that a person has open. It is looked at anew for each deed: the app may have updated it."""

    connection: Connection
    viewer: str
    id: str
    _entered: dict[str, Json] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return words_of(self._view()["title"])

    @property
    def words(self) -> str:
        """Every text in it: title, blocks, labels, hints and options."""
        return view_words(self._view())

    def fill(self, label: str, value: object) -> "Modal":
        """Enter a value: text, a number, the text of an option or a list of them, a person, a channel, a date.

        `label`: the field's label, or its action_id or block_id. Returns the modal, for the next field.
        """
        found = find_field(self._view()["blocks"], label)
        query = {"user": self.viewer, "view_id": self.id, **found.place, "state": {"values": self._entered}}
        query.pop("type")
        state = entered_value(found.element, value, self.connection.options(query, found.element, value))
        self._entered.setdefault(found.block["block_id"], {})[found.element["action_id"]] = state
        if found.dispatches:
            self._act(found, state)
        return self

    def click(self, label: str) -> None:
        """Press a button in it, other than Submit and Close."""
        self._act(find_button(self._view()["blocks"], label), {})

    def submit(self) -> None:
        """Press its Submit button. Raises FormRefused for errors on fields."""
        view = self._view()
        answer = self.connection.do(
            f"Submitting “{words_of(view['title'])}”",
            f"/views/{self.id}/submit",
            user=self.viewer,
            state={"values": self._entered},
        )
        if answer.get("errors"):
            raise FormRefused(_by_label(view["blocks"], answer["errors"]))

    def close(self) -> None:
        self.connection.do("Closing the modal", f"/views/{self.id}/close", user=self.viewer, everything=True)

    def waits_for(self, wanted: Wanted) -> "Modal":
        """Wait until the modal shows the text."""
        self.connection.wait(self.viewer, f"{shown(wanted)} in the modal", partial(self._shows, wanted))
        return self

    def waits_until_closed(self) -> None:
        self.connection.wait(
            self.viewer, "The end of the modal", lambda state: None if self._find(state) else True
        )

    def _act(self, target: Element, state: Json) -> None:
        action = target.place | {name: value for name, value in state.items() if name != "type"}
        body = {"user": self.viewer, "view_id": self.id, "action": action, "state": {"values": self._entered}}
        self.connection.do(f"“{target.label}” in the modal", "/actions", **body)

    def _shows(self, wanted: Wanted, state: Json) -> bool | None:
        view = self._find(state)
        return (view is not None and matches(wanted, view_words(view))) or None

    def _find(self, state: Json) -> Json | None:
        return next((view for view in state["views"] if view["id"] == self.id), None)

    def _view(self) -> Json:
        view = self._find(self.connection.state(self.viewer))
        if view is None:
            raise NotShown(f"The modal is closed.\n\n{self.connection.transcript()}")
        return view


def view_words(view: Json) -> str:
    return "\n".join((words_of(view["title"]), words_of(view["blocks"])))


def _by_label(blocks: list[Json], errors: Mapping[str, str]) -> dict[str, str]:
    labels = {block["block_id"]: words_of(block["label"]) for block in blocks if block.get("label")}
    return {labels.get(block_id, block_id): sentence for block_id, sentence in errors.items()}
