// Where the person is and who: keeps the state, the live connection, the address and what was read in step.

import { asUser, atChannel, markRead, settled } from "./place.js";
import { load, reduce } from "./reduce.js";
import { readMarks, readPlace, writeMarks, writePlace } from "./session.js";
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
    this.#go((state) => asUser(state, user, user ? readMarks(user) : {}), false);
    return this.#stream.start(user);
  }

  openChannel(channel, tab = "messages") {
    this.#show(channel, null, true, tab);
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
    this.#store.update((state) => settled(load(state, answer)));
    const now = this.#store.state;
    if (now.user !== user) this.switchUser(now.user);
    else if (!loaded) this.#show(now.channel, now.thread, false, now.tab);
  }

  #takeEvent(event) {
    if (event.type === "notice") toast(event.text, event.level);
    this.#store.update((state) => reduce(state, event));
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
    if (read !== this.#savedMarks) writeMarks(user, read);
    this.#savedMarks = read;
  }
}
