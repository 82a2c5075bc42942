// The field for a message or a slash command: Enter sends, Shift+Enter breaks the line, arrow-up brings back what was sent.

import { HintList } from "./hint_list.js";
import { History } from "./history.js";
import { outgoing } from "./outgoing.js";

const TALLEST_PX = 220;

export class Composer {
  #parts;
  #store;
  #commands;
  #threadOf;
  #hints;
  #history = new History();
  #drafts = new Map();
  #place = null;
  #busy = false;

  /**
   * `parts`: {form, field, send, hints}: the form, its textarea, its button, its list of suggestions;
   * `threadOf(state)` is null outside threads.
   */
  constructor(parts, { store, commands, threadOf = () => null }) {
    this.#parts = parts;
    this.#store = store;
    this.#commands = commands;
    this.#threadOf = threadOf;
    this.#hints = new HintList(parts.field, parts.hints, {
      stateOf: () => store.state,
      onInsert: () => this.#grow(),
    });
    parts.field.addEventListener("input", () => this.#typed());
    parts.field.addEventListener("keydown", (event) => this.#pressed(event));
    parts.field.addEventListener("blur", () => this.#hints.hide());
    parts.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
  }

  /** Every place keeps a draft of its own. */
  render(state) {
    const here = `${state.user} ${state.channel} ${this.#threadOf(state) ?? ""}`;
    if (here === this.#place) return;
    if (this.#place) this.#drafts.set(this.#place, this.#parts.field.value);
    this.#place = here;
    this.#write(this.#drafts.get(here) ?? "");
    this.#hints.hide();
  }

  #typed() {
    this.#history.leave();
    this.#grow();
    this.#hints.update();
  }

  #pressed(event) {
    if (event.isComposing || this.#hints.takesKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (event.key === "ArrowUp") this.#recall(event, -1);
    else if (event.key === "ArrowDown") this.#recall(event, 1);
  }

  #recall(event, direction) {
    const text = this.#history.step(direction, this.#parts.field.value);
    if (text === null) return;
    event.preventDefault();
    this.#write(text);
    this.#hints.hide();
  }

  #write(text) {
    const { field } = this.#parts;
    field.value = text;
    field.setSelectionRange(text.length, text.length);
    this.#grow();
  }

  #grow() {
    const { field, send } = this.#parts;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, TALLEST_PX)}px`;
    send.classList.toggle("ready", field.value.trim() !== "");
  }

  async #submit() {
    const text = this.#parts.field.value.trim();
    if (!text || this.#busy) return;
    const state = this.#store.state;
    const place = this.#place;
    this.#history.add(text);
    this.#hints.hide();
    this.#write("");
    this.#setBusy(true);
    const answer = await this.#commands.send(outgoing(text, state), this.#threadOf(state));
    this.#setBusy(false);
    if (!answer.ok) this.#giveBack(text, place);
  }

  // What was not taken is not lost, even if the person went elsewhere meanwhile.
  #giveBack(text, place) {
    if (place !== this.#place) this.#drafts.set(place, text);
    else if (this.#parts.field.value === "") this.#write(text);
  }

  #setBusy(busy) {
    this.#busy = busy;
    this.#parts.send.setAttribute("aria-busy", String(busy));
    this.#parts.send.classList.toggle("pending", busy);
  }
}
