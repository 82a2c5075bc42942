// What was sent before from one composer.

export class History {
  #sent = [];
  #at = null;

  add(text) {
    if (this.#sent.at(-1) !== text) this.#sent.push(text);
    this.leave();
  }

  /** The person typed: the next step starts from the newest again. */
  leave() {
    this.#at = null;
  }

  /** The text one step older (-1) or newer (1); null where the arrow should do what it always does. */
  step(direction, current) {
    const isOutside = this.#at === null;
    if (isOutside && (current !== "" || direction > 0 || !this.#sent.length)) return null;
    const next = Math.max(0, (this.#at ?? this.#sent.length) + direction);
    this.#at = next < this.#sent.length ? next : null;
    return this.#at === null ? "" : this.#sent[next];
  }
}
