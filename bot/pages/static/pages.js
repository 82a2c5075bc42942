// What the pages do beside links and forms, which work without it.
"use strict";

// A form is sent once, however often its button is pressed. The server recognises a second one by its key, too.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  form.classList.add("sent");
});

// Back from another page, a form may be sent again.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    for (const form of document.querySelectorAll("form[data-sent]")) {
      delete form.dataset.sent;
      form.classList.remove("sent");
    }
  }
});

// A press whose button is replaced before its release would be lost: the run is shown anew at its next turn instead.
let isPressed = false;
let ending = null;
const release = () => (ending = setTimeout(() => (isPressed = false), 100));
document.addEventListener("pointerdown", (event) => {
  clearTimeout(ending); // that of the press before
  isPressed = event.button === 0 && !event.target.closest("select"); // whose menu gets the release
});
document.addEventListener("pointerup", release);
document.addEventListener("pointercancel", release);
document.addEventListener("pointermove", (event) => isPressed && !event.buttons && release());
document.addEventListener("htmx:beforeSwap", (event) => {
  if (isPressed && event.detail.target.id === "live") event.detail.shouldSwap = false;
});

// A part of the page is replaced while it is open: what its reader has opened or closed stays so.
let known = new Map();
document.addEventListener("htmx:beforeSwap", () => {
  const changed = [...document.querySelectorAll("details[id]")].filter(
    (each) => each.open !== each.hasAttribute("data-open"),
  );
  known = new Map(changed.map((each) => [each.id, each.open]));
});
document.addEventListener("htmx:afterSwap", () => {
  for (const [id, open] of known) {
    const found = document.getElementById(id);
    if (found) found.open = open;
  }
  announce();
});

// A screen reader is told when the status changes, and of nothing else.
let told = document.getElementById("live")?.dataset.status;
function announce() {
  const status = document.getElementById("live")?.dataset.status;
  if (!status || status === told) return;
  told = status;
  document.getElementById("announcement").textContent = status;
  document.title = `${status} · Runbook`;
}

// Whoever may no longer read the page is shown why.
document.addEventListener("htmx:responseError", (event) => {
  if ([401, 403, 404].includes(event.detail.xhr.status)) location.reload();
});
