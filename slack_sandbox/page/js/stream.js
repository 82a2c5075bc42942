// One live connection for one user. When it breaks, the whole state is fetched again and a new one is opened
// where that state ends: nothing can be missed, whatever happened to the server meanwhile.

import { fetchState, reasonOf, streamAddress } from "./api.js";

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 5000;
// A browser opens six connections to a host over HTTP/1.1: tabs nobody looks at must not use them up.
const RELEASE_HIDDEN_AFTER_MS = 30000;

const NOBODY = "The sandbox did not say who you are: add ?user= and a user’s id to the address.";

export class Stream {
  #listener;
  #source = null;
  #timer = 0;
  #pause = FIRST_PAUSE_MS;
  #user = null;
  #round = 0;

  /**
   * `listener`: {onState(answer), onEvent(event), onConnection("connecting" | "live" | "lost", reason),
   * onUnknownUser()}.
   */
  constructor(listener) {
    this.#listener = listener;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#hidden() : this.#visible()));
    window.addEventListener("online", () => this.#visible());
  }

  /** Listens as `user` from now on; null leaves it to the server who that is at first. */
  start(user) {
    this.#user = user;
    this.#listener.onConnection("connecting");
    return this.#connect();
  }

  async #connect() {
    this.#stop();
    const round = this.#round;
    const answer = await fetchState(this.#user);
    if (round !== this.#round) return;
    if (!answer.ok) return this.#refused(answer);
    this.#listener.onState(answer);
    // The listener may have started over, because the state showed that it is somebody else.
    if (round === this.#round) this.#listen(answer.seq);
  }

  #refused(answer) {
    if (this.#user && answer.error === "user_not_found") this.#listener.onUnknownUser();
    else this.#lost(this.#user ? reasonOf(answer) : NOBODY);
  }

  #listen(after) {
    this.#source = new EventSource(streamAddress(this.#user, after));
    this.#source.onopen = () => {
      this.#pause = FIRST_PAUSE_MS;
      this.#listener.onConnection("live");
    };
    this.#source.onmessage = (event) => this.#listener.onEvent(JSON.parse(event.data));
    this.#source.onerror = () => this.#lost("The connection to the sandbox broke.");
  }

  #lost(reason) {
    this.#stop();
    this.#listener.onConnection("lost", reason);
    this.#timer = setTimeout(() => this.#connect(), this.#pause);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  #stop() {
    this.#round += 1;
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  #hidden() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#stop(), RELEASE_HIDDEN_AFTER_MS);
  }

  #visible() {
    if (this.#source) clearTimeout(this.#timer);
    else if (this.#round > 0) this.#connect();
  }
}
