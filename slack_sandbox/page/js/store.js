// Holds the one state of the page and tells its subscribers, once for all the changes of one turn.

import { EMPTY } from "./reduce.js";

export function createStore() {
  let state = EMPTY;
  let scheduled = false;
  const subscribers = [];

  function publish() {
    scheduled = false;
    for (const subscriber of subscribers) subscriber(state);
  }

  return {
    get state() {
      return state;
    },
    /** `change` is a function from the state to the next state. */
    update(change) {
      const next = change(state);
      if (next === state) return;
      state = next;
      if (!scheduled) queueMicrotask(publish);
      scheduled = true;
    },
    subscribe: (subscriber) => subscribers.push(subscriber),
  };
}
