// The page of the raw traffic: asks for what is new, and shows what the filters let through, the newest first.

import { fill, h } from "./dom.js";

const BASE = "/sandbox/api/traffic";
const MOST_KEPT = 1000;
const AGAIN_AFTER = 2000; // milliseconds, where the sandbox does not answer
const WAYS = {
  command: "to the app",
  interaction: "to the app",
  event: "to the app",
  web_api: "from the app",
  response_url: "from the app",
};

const part = (id) => document.getElementById(id);
let exchanges = [];
let last = 0;

const wanted = (exchange) => {
  const words = part("find").value.trim().toLowerCase();
  return (
    (!part("kind").value || exchange.kind === part("kind").value) &&
    (!part("failed").checked || exchange.failed) &&
    (!words || JSON.stringify(exchange).toLowerCase().includes(words))
  );
};

function redraw() {
  const shown = exchanges.filter(wanted);
  fill(part("traffic"), shown.map(row).reverse());
  tell(shown.length);
}

/** New rows go on top: rows that are open stay open. */
function add(arrived) {
  exchanges = [...exchanges, ...arrived].slice(-MOST_KEPT);
  const list = part("traffic");
  list.prepend(...arrived.filter(wanted).map(row).reverse());
  while (list.children.length > MOST_KEPT) list.lastChild.remove();
  tell(list.children.length);
}

function tell(number) {
  part("count").textContent = `${number} of ${exchanges.length}`;
  part("nothing").hidden = number > 0;
  part("nothing").textContent = exchanges.length
    ? "Nothing fits the filters."
    : "Nothing here yet. Type a command in the workspace.";
}

function row(exchange) {
  const details = h("details", { class: "exchange", "data-testid": "exchange" }, summary(exchange));
  details.addEventListener("toggle", () => details.open && open(details, exchange), { once: true });
  return h("li", {}, details);
}

function summary(exchange) {
  const at = new Date(exchange.at);
  const time = at.toLocaleTimeString("en-GB") + "." + String(at.getMilliseconds()).padStart(3, "0");
  return h(
    "summary",
    {},
    h("time", { datetime: exchange.at }, time),
    h("small", {}, WAYS[exchange.kind]),
    h("span", { class: "what" }, exchange.title),
    h("span", { class: exchange.failed ? "outcome bad" : "outcome" }, outcome(exchange)),
  );
}

function outcome(exchange) {
  const over = exchange.over === "socket" ? "socket" : exchange.status;
  const taken = exchange.seconds ? `${Math.round(exchange.seconds * 1000)} ms` : null;
  return [exchange.outcome, over, taken].filter(Boolean).join(" · ");
}

function open(details, exchange) {
  const answer = exchange.answer ?? "nothing";
  details.append(
    exchange.detail ? h("p", { class: "bad" }, exchange.detail) : "",
    h("small", {}, "Sent"),
    h("pre", { tabindex: 0, "aria-label": "Sent" }, readable(exchange.request)),
    h("small", {}, "Answered"),
    h("pre", { tabindex: 0, "aria-label": "Answered" }, readable(answer)),
  );
}

/** A form's arguments are texts, and blocks among them are JSON in a text: all of it is shown as JSON. */
const readable = (value) => {
  const parsed = parse(value);
  return typeof parsed === "string" ? parsed : JSON.stringify(parsed, (_, inner) => parse(inner), 2);
};

function parse(value) {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

async function follow() {
  for (;;) {
    try {
      const response = await fetch(`${BASE}?after=${last}&wait=1`, { cache: "no-store" });
      const answer = await response.json();
      if (answer.last < last) exchanges = []; // the sandbox was started anew
      last = answer.last;
      if (answer.exchanges.length) add(answer.exchanges);
      else tell(part("traffic").children.length);
    } catch {
      part("count").textContent = "The sandbox does not answer.";
      await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER));
    }
  }
}

async function clear() {
  const headers = { "Content-Type": "application/json" };
  await fetch(`${BASE}/clear`, { method: "POST", headers, body: "{}" });
  exchanges = [];
  redraw();
}

for (const id of ["find", "kind", "failed"]) part(id).addEventListener("input", redraw);
part("filters").addEventListener("submit", (event) => event.preventDefault());
part("clear").addEventListener("click", clear);
redraw();
follow();
