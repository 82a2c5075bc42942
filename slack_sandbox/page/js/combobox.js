// A field with a list of what it finds: one types, arrows move, Enter chooses, Escape closes the list.
// https://www.w3.org/WAI/ARIA/apg/patterns/combobox/

import { fill, h, uniqueId } from "./dom.js";

const PAUSE_MS = 180;
const TALLEST_PX = 300;
const CLOSED = { groups: [], note: "" };

export class Combobox {
  #field;
  #list;
  #ask;
  #onChoose;
  #timer = 0;
  #round = 0;
  #shown = [];
  #at = -1;

  /**
   * `ask(text)` answers {groups: [{label, choices: [{label, about?, value}]}], note}, now or later; `note` is said where
   * there is nothing to choose. `onChoose(value)` hears of the choice; `onLeave()` of leaving without one.
   */
  constructor(field, { ask, onChoose, onLeave = () => {} }) {
    this.#field = field;
    this.#ask = ask;
    this.#onChoose = onChoose;
    this.#list = h("div", {
      class: "combo-list",
      id: uniqueId("found"),
      role: "listbox",
      popover: "manual",
      "data-testid": "found",
    });
    setCombobox(field, this.#list.id);
    // Not on focus: a form that is drawn anew gives the focus back, and the list would cover it.
    field.addEventListener("click", () => this.#isOpen || this.#search(0));
    field.addEventListener("input", () => this.#search(PAUSE_MS));
    field.addEventListener("keydown", (event) => this.#pressed(event));
    field.addEventListener("blur", () => {
      this.close();
      onLeave();
    });
  }

  get list() {
    return this.#list;
  }

  get #isOpen() {
    return this.#list.matches(":popover-open");
  }

  close() {
    clearTimeout(this.#timer);
    this.#round += 1;
    this.#field.setAttribute("aria-expanded", "false");
    this.#field.removeAttribute("aria-activedescendant");
    if (this.#list.isConnected && this.#isOpen) this.#list.hidePopover();
  }

  // Only the answer to the newest question is shown.
  #search(pause) {
    const round = ++this.#round;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      const question = this.#ask(this.#field.value.trim());
      if (question instanceof Promise) this.#draw({ ...CLOSED, note: "Searching…" }, true);
      const found = await question;
      if (round === this.#round) this.#draw(found, false);
    }, pause);
  }

  #draw({ groups, note }, busy) {
    if (!this.#list.isConnected) return;
    this.#shown = groups.flatMap((group) => group.choices);
    const rows = groups.map((group) => this.#group(group));
    const empty = !this.#shown.length && h("div", { class: "combo-note", role: "status" }, note);
    fill(this.#list, empty, rows);
    this.#list.setAttribute("aria-busy", String(busy));
    this.#open();
    this.#move(-1);
  }

  #open() {
    if (!this.#isOpen) this.#list.showPopover();
    this.#field.setAttribute("aria-expanded", "true");
    const anchor = this.#field.getBoundingClientRect();
    const room = window.innerHeight - anchor.bottom - 12;
    const above = room < 140 && anchor.top > room;
    this.#list.style.left = `${anchor.left}px`;
    this.#list.style.width = `${anchor.width}px`;
    this.#list.style.maxHeight = `${Math.min(TALLEST_PX, above ? anchor.top - 12 : room)}px`;
    this.#list.style.top = above ? "auto" : `${anchor.bottom + 4}px`;
    this.#list.style.bottom = above ? `${window.innerHeight - anchor.top + 4}px` : "auto";
  }

  #group({ label, choices }) {
    const rows = choices.map((choice) => this.#row(choice));
    if (!label) return rows;
    const id = uniqueId("group");
    return h(
      "div",
      { role: "group", "aria-labelledby": id },
      h("div", { class: "combo-group", id }, label),
      rows,
    );
  }

  #row(choice) {
    const take = (event) => {
      event.preventDefault();
      this.#take(choice);
    };
    return h(
      "div",
      { id: uniqueId("choice"), class: "combo-choice", role: "option", "aria-selected": "false", onmousedown: take },
      h("span", {}, choice.label),
      choice.about && h("span", { class: "hint" }, choice.about),
    );
  }

  #take(choice) {
    this.close();
    this.#onChoose(choice.value);
  }

  #pressed(event) {
    if (event.isComposing) return;
    const act = this.#actionFor(event.key);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  #actionFor(key) {
    const last = this.#shown.length - 1;
    if (key === "ArrowDown") return () => (this.#isOpen ? this.#move(Math.min(this.#at + 1, last)) : this.#search(0));
    if (!this.#isOpen) return null;
    if (key === "ArrowUp") return () => this.#move(Math.max(this.#at - 1, 0));
    if (key === "Escape") return () => this.close();
    if (key === "Enter") return () => this.#shown.length && this.#take(this.#shown[Math.max(this.#at, 0)]);
    return null;
  }

  #move(index) {
    this.#at = index;
    const rows = [...this.#list.querySelectorAll("[role=option]")];
    rows.forEach((row, at) => row.setAttribute("aria-selected", String(at === index)));
    rows[index]?.scrollIntoView({ block: "nearest" });
    if (rows[index]) this.#field.setAttribute("aria-activedescendant", rows[index].id);
    else this.#field.removeAttribute("aria-activedescendant");
  }
}

function setCombobox(field, listId) {
  const attributes = {
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": listId,
    autocomplete: "off",
    spellcheck: "false",
  };
  for (const [name, value] of Object.entries(attributes)) field.setAttribute(name, value);
}
