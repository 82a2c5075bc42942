// What a person can do to the workspace: each command asks the server; what it changes comes back through the stream.

import * as api from "./api.js";
import { askConfirm } from "./dialogs.js";
import { namesOf } from "./names.js";
import { whilePending } from "./pending.js";
import { reduce } from "./reduce.js";
import { toast } from "./toast.js";

export class Commands {
  #store;

  constructor(store) {
    this.#store = store;
  }

  get #me() {
    return this.#store.state.user;
  }

  /** Posts a message or runs a slash command; the answer tells whether it was taken. */
  async send(text, thread) {
    const place = { channel: this.#store.state.channel, ...(thread ? { thread_ts: thread } : {}) };
    return tell(await api.postMessage({ user: this.#me, ...place, text }));
  }

  /** Delivers a block action from `container`; answers false where the person said no to its confirmation. */
  async act({ container, action, values, origin, confirm }) {
    if (confirm && !(await askConfirm(confirm, namesOf(this.#store.state)))) return false;
    const key = (origin.dataset.pendingKey ??= `${container.key}|${action.block_id}|${action.action_id}`);
    const body = { user: this.#me, ...container.target, action, state: { values } };
    return whilePending(key, async () => tell(await api.postAction(body)));
  }

  /** Edits, deletes, reacts to, pins or reads a message of the open channel. */
  async onMessage(what, ts, more = {}) {
    const channel = this.#store.state.channel;
    return tell(await api.onMessage(what, { user: this.#me, channel, ts, ...more }));
  }

  /** What the app offers in a menu of `container` for what was typed. */
  suggest({ container, block, element, text, values }) {
    const asked = { block_id: block.block_id, action_id: element.action_id, value: text, state: { values } };
    return api.suggest({ user: this.#me, ...container.target, ...asked });
  }

  /** `place`: {channel, message_ts} for a shortcut of a message. */
  async useShortcut(app, callback_id, place = {}) {
    tell(await api.useShortcut({ user: this.#me, app_id: app.id, callback_id, ...place }));
  }

  /** Answers {ok, errors?}; the form shows what is wrong. */
  submitView(view, values) {
    return api.submitView(view.id, this.#me, { values });
  }

  async closeView(view, everything = false) {
    const gone = everything ? this.#store.state.views : [view];
    tell(await api.closeView(view.id, this.#me, everything));
    // Closed on the server already, or the server is down: either way the person wants it off the screen.
    for (const { id } of gone) this.#take({ type: "view_closed", view_id: id });
  }

  /** Answers the new channel's id, or null. */
  async createChannel(name, isPrivate) {
    return this.#channelOf(await api.createChannel(this.#me, name, isPrivate));
  }

  /** Enters the App Home; answers the id of the direct message with the app, or null. */
  async openHome(tab, app) {
    return this.#channelOf(await api.openHome(this.#me, tab, app));
  }

  async changeChannel(id, what, body) {
    this.#channelOf(await api.changeChannel(id, what, { user: this.#me, ...body }));
  }

  #channelOf(answer) {
    if (!tell(answer).ok) return null;
    this.#take({ type: "channel", channel: answer.channel });
    return answer.channel.id;
  }

  async archiveChannel(id) {
    tell(await api.archiveChannel(id, this.#me));
  }

  async unarchiveChannel(id) {
    tell(await api.unarchiveChannel(id, this.#me));
  }

  async joinChannel(id) {
    tell(await api.joinChannel(id, this.#me));
  }

  #take(event) {
    this.#store.update((state) => reduce(state, event));
  }
}

function tell(answer) {
  if (!answer.ok) toast(api.reasonOf(answer), "error");
  return answer;
}
