"""PagerDuty, played from https://developer.pagerduty.com/api-reference/ (list and update incidents, create and list
notes) and https://developer.pagerduty.com/docs/events-api-v2-overview."""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.systems.play import NOT_FOUND, Answer, Call, Play


@dataclass
class PagerDuty(Play):
    """`incidents`: by id, with `incident_key` and `status`. `hidden`: notes are not listed yet."""

    incidents: dict[str, dict[str, Any]] = field(
        default_factory=lambda: {"PT4KHLK": {"incident_key": "orders", "status": "triggered"}}
    )
    notes: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    hidden: bool = False

    def answer(self, call: Call) -> Answer:
        if (call.method, call.path) == ("POST", "/v2/enqueue"):
            self.events.append(call.json)
            return Answer(202, {"status": "success", "message": "Event processed", "dedup_key": "orders"})
        if "token=" not in call.headers["authorization"] or "@" not in call.headers["from"]:
            return Answer(401, {"error": {"message": "Unauthorized"}})
        if (call.method, call.path) == ("GET", "/incidents"):
            key = call.query["incident_key"]
            found = [
                {"id": id_, **each} for id_, each in self.incidents.items() if each["incident_key"] == key
            ]
            return Answer(200, {"incidents": found, "limit": 25, "more": False})
        if found_path := re.fullmatch(r"/incidents/(\w+)(/notes)?", call.path):
            return self._of_incident(call, found_path[1], is_about_notes=found_path[2] is not None)
        return NOT_FOUND

    def _of_incident(self, call: Call, id_: str, *, is_about_notes: bool) -> Answer:
        incident = self.incidents.get(id_)
        if incident is None:
            return NOT_FOUND
        if not is_about_notes:
            incident["status"] = call.json["incident"]["status"]
            address = f"https://example.pagerduty.com/incidents/{id_}"
            return Answer(200, {"incident": {"id": id_, "html_url": address, **incident}})
        if call.method == "GET":
            listed = [] if self.hidden else [{"id": "N", "content": note} for note in self.notes]
            return Answer(200, {"notes": listed})
        self.notes.append(call.json["note"]["content"])
        return Answer(200, {"note": {"id": f"N{len(self.notes)}", "content": self.notes[-1]}})
