// The pane beside the channel that shows one thread.

import { Composer } from "./composer.js";
import { MessageList } from "./messages.js";
import { channelLabel } from "./names.js";
import { threadLines } from "./timeline.js";

// On a phone the focus would bring up the keyboard and hide the thread.
const hasKeyboard = window.matchMedia("(hover: hover)");

export class ThreadPane {
  #parts;
  #navigation;
  #list;
  #composer;
  #opened = null;

  /** `parts`: {pane, close, channelName, scroller, list, form, field, send, hints}. */
  constructor(parts, { store, commands, navigation }) {
    this.#parts = parts;
    this.#navigation = navigation;
    this.#list = new MessageList({ ...parts, commands, navigation, inThread: true });
    this.#composer = new Composer(parts, { store, commands, threadOf: (state) => state.thread });
    parts.close.addEventListener("click", () => this.#leave());
    parts.pane.addEventListener(
      "keydown",
      (event) => event.key === "Escape" && !event.defaultPrevented && this.#leave(),
    );
  }

  render(state) {
    const { thread } = state;
    this.#parts.pane.hidden = !thread;
    document.body.classList.toggle("with-thread", Boolean(thread));
    if (thread) this.#draw(state);
    if (thread && this.#opened !== null && this.#opened !== thread && hasKeyboard.matches)
      this.#parts.field.focus();
    this.#opened = thread ?? "";
  }

  #draw(state) {
    const channel = state.channels[state.channel];
    this.#parts.channelName.textContent = channel ? channelLabel(channel) : "";
    this.#list.render(state, threadLines(state, new Date()));
    this.#composer.render(state);
  }

  #leave() {
    this.#navigation.closeThread();
    document.getElementById("composer").focus();
  }
}
