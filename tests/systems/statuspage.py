"""Atlassian Statuspage, played from https://developer.statuspage.io/ (incidents and components of a page)."""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.systems.play import NOT_FOUND, Answer, Call, Play

PAGE = "/v1/pages/kctbh9vrtdwd"


@dataclass
class Statuspage(Play):
    """`incidents`: the oldest first, each with its `updates`. `components`: their statuses."""

    incidents: list[dict[str, Any]] = field(default_factory=list)
    components: dict[str, str] = field(default_factory=dict)
    hidden: bool = False

    def answer(self, call: Call) -> Answer:
        if not call.headers["authorization"].startswith("OAuth "):
            return Answer(401, {"error": "Could not authenticate"})
        if call.path == f"{PAGE}/incidents":
            if call.method == "GET":
                return Answer(200, [] if self.hidden else list(reversed(self.incidents)))
            return self._open(call.json["incident"])
        if found := re.fullmatch(rf"{PAGE}/components/(\w+)", call.path):
            self.components[found[1]] = call.json["component"]["status"]
            return Answer(200, {"id": found[1], "status": self.components[found[1]]})
        if found := re.fullmatch(rf"{PAGE}/incidents/(\w+)", call.path):
            incident = next((each for each in self.incidents if each["id"] == found[1]), None)
            return NOT_FOUND if incident is None else self._of(incident, call)
        return NOT_FOUND

    def _open(self, given: dict[str, Any]) -> Answer:
        id_ = f"p{len(self.incidents)}"
        incident = {"metadata": {}, **given, "id": id_, "shortlink": f"https://stspg.io/{id_}"}
        self.incidents.append({**incident, "updates": [given.get("body")]})
        self.components |= given.get("components", {})
        return Answer(201, self.incidents[-1])

    def _of(self, incident: dict[str, Any], call: Call) -> Answer:
        """Metadata is replaced as a whole."""
        if call.method == "PATCH":
            given = call.json["incident"]
            incident.update({**given, "updates": [*incident["updates"], given.get("body")]})
            self.components |= given.get("components", {})
        return Answer(200, incident)
