// The list above the composer: arrows choose, Tab takes the first, Escape hides. Enter sends unless something is chosen.

import { fill, h } from "./dom.js";
import { suggestions } from "./hints.js";

const NOTHING = { from: 0, list: [] };

export class HintList {
  #field;
  #list;
  #stateOf;
  #onInsert;
  #offered = NOTHING;
  #chosen = -1;

  /** `onInsert` is called after a suggestion went into `field`. */
  constructor(field, list, { stateOf, onInsert }) {
    this.#field = field;
    this.#list = list;
    this.#stateOf = stateOf;
    this.#onInsert = onInsert;
  }

  /** Offers what fits the text, if the cursor stands at its end. */
  update() {
    const { value, selectionStart } = this.#field;
    this.#offered = selectionStart === value.length ? suggestions(value, this.#stateOf()) : NOTHING;
    this.#list.hidden = this.#offered.list.length === 0;
    fill(
      this.#list,
      this.#offered.list.map((hint, index) => this.#row(hint, index)),
    );
    this.#choose(-1);
  }

  hide() {
    this.#list.hidden = true;
    this.#choose(-1);
  }

  /** Answers whether the key was for the list. */
  takesKey(event) {
    const act = !this.#list.hidden && this.#actionFor(event);
    if (!act) return false;
    event.preventDefault();
    act();
    return true;
  }

  #actionFor({ key, shiftKey }) {
    const last = this.#offered.list.length - 1;
    if (key === "Escape") return () => this.hide();
    if (key === "ArrowDown") return () => this.#choose(Math.min(this.#chosen + 1, last));
    if (key === "ArrowUp" && this.#chosen >= 0) return () => this.#choose(this.#chosen - 1);
    const takes = key === "Tab" || (key === "Enter" && !shiftKey && this.#chosen >= 0);
    const hint = this.#offered.list[Math.max(this.#chosen, 0)];
    return takes && !hint.isComplete ? () => this.#insert(hint) : null;
  }

  #choose(index) {
    this.#chosen = index;
    [...this.#list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    if (index >= 0) this.#field.setAttribute("aria-activedescendant", `${this.#list.id}-${index}`);
    else this.#field.removeAttribute("aria-activedescendant");
  }

  #insert(hint) {
    if (!hint.isComplete) this.#field.value = this.#field.value.slice(0, this.#offered.from) + hint.insert;
    this.update();
    this.#onInsert();
  }

  #row(hint, index) {
    const take = (event) => {
      event.preventDefault();
      this.#insert(hint);
    };
    return h(
      "li",
      { id: `${this.#list.id}-${index}`, role: "option", "aria-selected": "false", onpointerdown: take },
      h("span", { class: "hint-label" }, hint.label, " ", h("span", { class: "hint-usage" }, hint.usage)),
      h("span", { class: "hint-about" }, hint.about),
    );
  }
}
