// A small menu under a button: arrows move, Enter chooses, Escape and a click elsewhere close it.

import { h } from "./dom.js";

let closeOpen = () => {};

/** `entries`: [{label, choose, name?, about?, value?, danger?}]; `shape` "grid" puts them side by side. The menu closes before `choose` runs. */
export function openMenu(opener, entries, shape = "") {
  closeOpen();
  const menu = h(
    "div",
    { class: `menu ${shape}`, role: "menu", "data-testid": "menu" },
    entries.map((entry) => item(entry)),
  );
  const outside = (event) => !menu.contains(event.target) && !opener.contains(event.target) && close();
  const close = () => {
    menu.remove();
    document.removeEventListener("pointerdown", outside);
    opener.setAttribute("aria-expanded", "false");
    closeOpen = () => {};
  };
  menu.addEventListener("keydown", (event) => onKey(event, menu, opener, close));
  menu.addEventListener("click", () => close(), { capture: true });
  closeOpen = close;
  document.addEventListener("pointerdown", outside);
  opener.setAttribute("aria-expanded", "true");
  (opener.closest("dialog") ?? document.body).append(menu);
  place(menu, opener);
  menu.firstElementChild?.focus();
}

const item = ({ label, name, about, choose, value, danger }) =>
  h(
    "button",
    {
      type: "button",
      role: "menuitem",
      tabindex: -1,
      class: danger ? "danger" : null,
      "data-value": value,
      "aria-label": name,
      title: name,
      onclick: choose,
    },
    h("span", {}, label),
    about && h("span", { class: "hint" }, about),
  );

function place(menu, opener) {
  const anchor = opener.getBoundingClientRect();
  const below = anchor.bottom + menu.offsetHeight + 8 < window.innerHeight;
  const left = Math.max(8, Math.min(anchor.left, window.innerWidth - menu.offsetWidth - 8));
  menu.style.left = `${left}px`;
  menu.style.top = `${below ? anchor.bottom + 4 : Math.max(8, anchor.top - menu.offsetHeight - 4)}px`;
}

function onKey(event, menu, opener, close) {
  const items = [...menu.children];
  const at = items.indexOf(document.activeElement);
  const moves = { ArrowDown: at + 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowLeft: at - 1, Home: 0, End: items.length - 1 };
  if (event.key in moves) {
    event.preventDefault();
    items.at(moves[event.key] % items.length).focus();
  } else if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    event.stopPropagation();
    close();
    opener.focus();
  }
}
