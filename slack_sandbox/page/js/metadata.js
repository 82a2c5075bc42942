// Message metadata, which other programs read: https://docs.slack.dev/messaging/message-metadata

import { h, icon } from "./dom.js";

/** A closed detail that shows event type and payload, or null where a message carries none. */
export function metadata(carried) {
  if (!carried?.event_type) return null;
  const rows = Object.entries(carried.event_payload ?? {}).flatMap(([name, value]) => [
    h("dt", {}, name),
    h("dd", {}, shown(value)),
  ]);
  return h(
    "details",
    { class: "metadata", "data-keep": "metadata", "data-testid": "metadata" },
    h("summary", {}, icon("tag"), "metadata ", h("code", {}, carried.event_type)),
    h("dl", {}, rows),
  );
}

const shown = (value) => {
  if (value === null) return h("span", { class: "none" }, "null");
  return h("code", {}, typeof value === "string" ? value : JSON.stringify(value));
};
