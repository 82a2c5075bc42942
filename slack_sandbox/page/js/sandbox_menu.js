// What only a sandbox can do: break what is between Slack and the app, move the clock, begin anew.

import { direct, reasonOf } from "./api.js";
import { fill, h, uniqueId } from "./dom.js";
import { showWide } from "./dialogs.js";
import { toast } from "./toast.js";

const KINDS = [
  ["ratelimited", "429: too many requests", { retry_after: 5 }],
  ["status", "500: Slack is ill", { status: 500 }],
  ["timeout", "No answer for 30 seconds", { seconds: 30 }],
  ["reset_before_accept", "Cut before it is done", {}],
  ["reset_after_accept", "Done, then cut before the answer", {}],
  ["error", "An answer with internal_error", { error: "internal_error" }],
];
const METHODS = ["*", "chat.postMessage", "chat.update", "views.open", "views.update", "views.publish"];

/** `button` opens the dialog. */
export function createSandboxMenu(button) {
  button.addEventListener("click", async () => {
    const place = h("div", { class: "sandbox-panel" });
    await draw(place);
    await showWide("Sandbox", place);
  });
  return () => {};
}

// Each part shows what the sandbox says, and is drawn anew after every change.
async function draw(place) {
  const [faults, disturbances, clock] = await Promise.all(["faults", "disturbances", "clock"].map((what) => direct(what)));
  const failed = [faults, disturbances, clock].find((answer) => !answer.ok);
  if (failed) return fill(place, h("p", {}, reasonOf(failed)));
  const change = async (what, body) => {
    const answer = await direct(what, body);
    if (!answer.ok) toast(reasonOf(answer), "error");
    await draw(place);
  };
  return fill(
    place,
    faultPart(faults.faults, change),
    disturbancePart(disturbances, change),
    clockPart(clock, change),
    resetPart(change),
  );
}

const part = (title, about, ...content) =>
  h("section", {}, h("h3", {}, title), h("p", { class: "hint" }, about), content);

const small = (label, testid, onclick, kind = "") =>
  h("button", { type: "button", class: `button ${kind}`, "data-testid": testid, onclick }, label);

function labelled(label, field) {
  field.id = uniqueId("panel");
  return h("div", { class: "panel-field" }, h("label", { for: field.id }, label), field);
}

const choice = (options, testid) =>
  h(
    "select",
    { class: "select", "data-testid": testid },
    options.map(([value, label]) => h("option", { value }, label)),
  );

const number = (value, testid) =>
  h("input", { class: "text-input", type: "number", min: 1, max: 1000, value, "data-testid": testid });

function faultPart(faults, change) {
  const method = h("input", { class: "text-input", list: "panel-methods", value: "*", "data-testid": "fault-method" });
  const methods = h("datalist", { id: "panel-methods" }, METHODS.map((value) => h("option", { value })));
  const kind = choice(KINDS, "fault-kind");
  const times = number(1, "fault-times");
  const add = () => {
    const details = KINDS.find(([value]) => value === kind.value)[2];
    const fault = { method: method.value.trim() || "*", kind: kind.value, times: Number(times.value), ...details };
    change("faults", { faults: [...faults, fault] });
  };
  const without = (gone) => change("faults", { faults: faults.filter((fault) => fault !== gone) });
  return part(
    "Faults of the Web API",
    "What the next calls of the app meet. The method * is any.",
    h("ul", { class: "panel-list", "data-testid": "faults" }, faults.map((fault) => faultRow(fault, without))),
    h("div", { class: "panel-row" }, labelled("Method", method), methods, labelled("Fault", kind), labelled("Times", times)),
    small("Add the fault", "fault-add", add),
  );
}

function faultRow(fault, without) {
  const words = KINDS.find(([kind]) => kind === fault.kind)?.[1] ?? fault.kind;
  const remove = () => without(fault);
  return h(
    "li",
    {},
    h("span", {}, h("code", { class: "code" }, fault.method), ` ${words}, ${timesIn(fault.times)}`),
    h("button", { type: "button", class: "link", onclick: remove }, "Remove"),
  );
}

const timesIn = (times) => (times === 1 ? "once" : `${times} times`);

function disturbancePart({ doubled, reordered }, change) {
  const state = `${doubled} still to come twice, ${reordered} events still to change places.`;
  return part(
    "Deliveries to the app",
    "Slack promises neither once nor in order.",
    h("p", { "data-testid": "disturbances" }, state),
    h(
      "div",
      { class: "panel-row" },
      small("Deliver the next one twice", "double", () => change("disturbances", { doubled: doubled + 1 })),
      small("Swap the next two events", "reorder", () => change("disturbances", { reordered: reordered + 1 })),
    ),
  );
}

function clockPart({ now, moved_by: movedBy }, change) {
  const steps = [
    ["3 minutes", 180],
    ["30 minutes", 1800],
    ["A day", 86400],
  ];
  const time = new Date(now).toLocaleString();
  const ahead = movedBy ? `${time}: ${Math.round(movedBy / 60)} minutes ahead.` : `${time}: not moved.`;
  return part(
    "Clock",
    "Moved forward, triggers and response URLs grow old, and scheduled messages fall due.",
    h("p", { "data-testid": "clock" }, ahead),
    h(
      "div",
      { class: "panel-row" },
      steps.map(([label, seconds]) => small(label, `clock-${seconds}`, () => change("clock", { seconds }))),
    ),
  );
}

function resetPart(change) {
  return part(
    "Reset",
    "Back to the workspace file: every message, channel and file made since is gone.",
    small("Reset the workspace", "reset", () => change("reset", {}), "danger"),
  );
}
