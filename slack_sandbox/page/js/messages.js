// A list of messages that follows what is new, unless the person has scrolled up to read.

import { h, icon } from "./dom.js";
import { renderMessage } from "./message.js";
import { reconcile } from "./reconcile.js";

const NEAR_BOTTOM_PX = 60;

export class MessageList {
  #parts;
  #place = null;
  #following = true;
  #target = null;

  /** `scroller` holds `list`; `pill` is the button that appears when news arrive below, if there is one. */
  constructor({ scroller, list, pill = null, commands, navigation, inThread = false }) {
    this.#parts = { scroller, list, pill, commands, navigation, inThread };
    scroller.addEventListener("scroll", () => this.#scrolled());
    pill?.addEventListener("click", () => this.#toBottom());
    const sizes = new ResizeObserver(() => this.#following && this.#toBottom());
    sizes.observe(list);
    sizes.observe(scroller);
  }

  /** `lines` come from timeline.js. */
  render(state, lines) {
    const { list, pill, inThread } = this.#parts;
    const view = { ...this.#parts, state, channel: state.channel };
    const newest = lines.at(-1)?.key ?? "";
    const hasNews = list.dataset.newest !== newest;
    reconcile(list, lines, (line, previous) => LINES[line.kind](line, view, previous));
    list.dataset.newest = newest;
    this.#arrive(`${state.user} ${state.channel} ${inThread ? state.thread : ""}`);
    if (this.#pointAt(state.target)) this.#following = false;
    if (this.#following) this.#toBottom();
    else if (hasNews && pill) pill.hidden = false;
  }

  // Another channel begins at its end.
  #arrive(place) {
    if (place !== this.#place) this.#following = true;
    this.#place = place;
  }

  // A permalink leads to one message: once, and only if it is here.
  #pointAt(ts) {
    const node = ts && ts !== this.#target && this.#parts.list.querySelector(`[data-ts="${CSS.escape(ts)}"]`);
    if (!node) return false;
    this.#target = ts;
    node.classList.remove("pointed-at");
    void node.offsetWidth; // starts the animation anew
    node.classList.add("pointed-at");
    node.scrollIntoView({ block: "center" });
    return true;
  }

  #scrolled() {
    const { scroller, pill } = this.#parts;
    this.#following = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR_BOTTOM_PX;
    if (this.#following && pill) pill.hidden = true;
  }

  #toBottom() {
    this.#parts.scroller.scrollTo({ top: this.#parts.scroller.scrollHeight });
  }
}

const divider = (kind, label, text, testid = null) =>
  h(
    "div",
    { class: `divider-line ${kind}`, role: "separator", "aria-label": label },
    h("span", { "data-testid": testid }, text),
  );

const LINES = {
  message: renderMessage,
  day: ({ text }) => divider("day", text, text),
  new: () => divider("new", "New messages", "New"),
  count: ({ text }) => divider("count", text, text, "thread-count"),
};

export const newsPill = () =>
  h("button", { type: "button", class: "news", hidden: true }, "New messages", icon("down"));
