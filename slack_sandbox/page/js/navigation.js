// Where the person is and who: keeps the state, the live connection, the address and what was read in step.

import { onMessage } from "./api.js";
import { asUser, atChannel, markRead, settled } from "./place.js";
import { EMPTY, load, reduce } from "./reduce.js";
import { readPlace, writePlace } from "./session.js";
import { Stream } from "./stream.js";
import { toast } from "./toast.js";

export class Navigation {
  #store;
  #stream;
  #savedMarks = null;

  constructor(store) {
    this.#store = store;
    this.#stream = new Stream({
      onState: (answer) => this.#takeState(answer),
      onEvent: (event) => this.#takeEvent(event),
      onConnection: (connection, reason = "") => store.update((state) => ({ ...state, connection, reason })),
      onUnknownUser: () => this.switchUser(null),
    });
    store.subscribe((state) => this.#keepReadMarks(state));
    document.addEventListener("visibilitychange", () => !document.hidden && store.update(markRead));
    window.addEventListener("popstate", () => this.#goBack());
  }

  start() {
    const { user, channel, thread, message, tab } = readPlace();
    this.#store.update((state) => ({ ...state, channel, thread, tab, target: message }));
    return this.switchUser(user);
  }

  /** From now on the person is `user`, in the same channel if that user may see it. */
  switchUser(user) {
    this.#savedMarks = null;
    this.#go((state) => asUser(state, user, {}), false);
    return this.#stream.start(user);
  }

  openChannel(channel, tab = "messages") {
    this.#show(channel, null, true, tab);
  }

  /** Leads to where a permalink points: see `placeOfPermalink` in session.js. */
  openPlace({ channel, thread, ts }) {
    if (!this.#store.state.channels[channel]) return toast("There is no such channel, or you may not see it.", "warning");
    this.#go((state) => ({ ...atChannel(state, channel, thread), target: ts }), true);
  }

  /** Leads to a message of the open channel, in its thread if it is a reply. */
  openMessage(ts, threadTs) {
    const thread = threadTs && threadTs !== ts ? threadTs : null;
    this.#go((state) => ({ ...state, thread, target: ts }), true);
  }

  openThread(thread) {
    this.#go((state) => ({ ...state, thread }), true);
  }

  closeThread() {
    this.#go((state) => ({ ...state, thread: null }), false);
  }

  #takeState(answer) {
    const { loaded, user } = this.#store.state;
    this.#savedMarks = { ...answer.read, ...this.#savedMarks };
    this.#store.update((state) => settled(load(state, answer)));
    const now = this.#store.state;
    if (now.user !== user) this.switchUser(now.user);
    else if (!loaded) this.#show(now.channel, now.thread, false, now.tab);
  }

  #takeEvent(event) {
    if (event.type === "notice") toast(event.text, event.level);
    if (event.type === "reset") return this.#startOver();
    this.#store.update((state) => reduce(state, event));
  }

  // The sandbox began anew: nothing of what is known here is true any more.
  #startOver() {
    toast("The sandbox was reset.");
    const { user } = this.#store.state;
    this.#store.update((state) => ({ ...EMPTY, user, channel: state.channel }));
    this.switchUser(user);
  }

  #show(channel, thread, isStep, tab) {
    if (channel) this.#go((state) => atChannel(state, channel, thread, tab), isStep);
  }

  #go(change, isStep) {
    this.#store.update(change);
    writePlace(this.#store.state, isStep);
  }

  #goBack() {
    const { user, channel, thread, tab } = readPlace();
    if (user && user !== this.#store.state.user) this.switchUser(user);
    this.#show(channel, thread, false, tab);
  }

  // What is on the screen counts as read, as long as somebody can see it.
  #keepReadMarks({ loaded }) {
    if (document.hidden || !loaded) return;
    this.#store.update(markRead);
    const { user, read } = this.#store.state;
    const saved = this.#savedMarks ?? {};
    this.#savedMarks = read;
    for (const [channel, ts] of Object.entries(read))
      if (ts > (saved[channel] ?? "0")) onMessage("read", { user, channel, ts });
  }
}
