// Short notices in a corner. They lie above open dialogs, and the same words are not shown twice at once.

import { h, icon } from "./dom.js";

const SHOWN_MS = { info: 5000, warning: 8000, error: 10000 };

/** Shows `text`; `level` is "info", "warning" or "error". */
export function toast(text, level = "info") {
  const host = document.getElementById("toasts");
  const same = [...host.children].find((other) => other.dataset.text === text);
  same?.remove();
  const node = toastNode(text, level in SHOWN_MS ? level : "info");
  host.append(node);
  // Showing the popover again puts it on top of a dialog that was opened after it.
  if (host.matches(":popover-open")) host.hidePopover();
  host.showPopover();
  setTimeout(() => node.remove(), SHOWN_MS[node.dataset.level]);
}

function toastNode(text, level) {
  const close = h(
    "button",
    { type: "button", class: "quiet", "aria-label": "Dismiss", onclick: () => node.remove() },
    icon("close"),
  );
  const role = level === "error" ? "alert" : "status";
  const node = h(
    "div",
    { class: `toast ${level}`, role, "data-testid": "toast", "data-level": level, "data-text": text },
    h("span", {}, text),
    close,
  );
  return node;
}
