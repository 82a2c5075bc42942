"""The Home tab of the app, as one person sees it."""

from dataclasses import dataclass
from functools import partial

from slack_sandbox.testing.connection import Connection
from slack_sandbox.testing.failures import NotShown
from slack_sandbox.testing.words import BUTTONS, Wanted, elements_in, find_button, matches, shown, words_of
from slack_sandbox.values import Json


@dataclass(frozen=True)
class Home:
    """It is looked at anew each time: the app may have published it anew."""

    connection: Connection
    viewer: str

    @property
    def words(self) -> str:
        """Every text in it; empty before the app has published it."""
        view = self._find(self.connection.state(self.viewer))
        return words_of(view["blocks"]) if view else ""

    @property
    def buttons(self) -> list[str]:
        return [each.label for each in elements_in(self._view()["blocks"]) if each.kind in BUTTONS]

    def waits_for(self, wanted: Wanted) -> "Home":
        """Wait until it shows the text."""
        self.connection.wait(self.viewer, f"{shown(wanted)} in the Home tab", partial(self._shows, wanted))
        return self

    def clicks(self, label: str) -> None:
        """Press a button in it, by its text or its action_id."""
        view = self._view()
        target = find_button(view["blocks"], label)
        body = {"user": self.viewer, "view_id": view["id"], "action": target.place}
        self.connection.do(f"“{target.label}” in the Home tab", "/actions", **body)

    def _shows(self, wanted: Wanted, state: Json) -> bool | None:
        view = self._find(state)
        return (view is not None and matches(wanted, words_of(view["blocks"]))) or None

    def _find(self, state: Json) -> Json | None:
        view: Json | None = state["homes"].get(state["app"]["id"])
        return view

    def _view(self) -> Json:
        view = self._find(self.connection.state(self.viewer))
        if view is None:
            raise NotShown(f"The app has not published a Home tab.\n\n{self.connection.transcript()}")
        return view
