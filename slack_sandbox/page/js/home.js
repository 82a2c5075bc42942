// The App Home: the Home tab that the app publishes, beside the direct messages with it.
// https://docs.slack.dev/surfaces/app-home

import { createBlockContext } from "./block_context.js";
import { renderBlocks } from "./blocks.js";
import { fill, h } from "./dom.js";
import { namesOf } from "./names.js";
import { people } from "./place.js";
import { replaceKeeping } from "./reconcile.js";
import { appOfChannel, isHome } from "./selectors.js";

export class HomeTab {
  #root;
  #commands;
  #navigation;
  #entered = "";
  #shown = null;
  #context = null;

  /** `root` is the place for the view. */
  constructor(root, { commands, navigation }) {
    this.#root = root;
    this.#commands = commands;
    this.#navigation = navigation;
  }

  /** From the sidebar: there may be no direct message with the app yet. */
  async open(state, app) {
    const channel = await this.#commands.openHome("home", app.id);
    if (!channel) return;
    this.#entered = placeOf({ ...state, channel, tab: "home" });
    this.#navigation.openChannel(channel, "home");
  }

  render(state) {
    this.#enter(state);
    this.#root.hidden = !isHome(state);
    if (!isHome(state)) this.#shown = null;
    else if (viewOf(state) !== this.#shown || !this.#root.firstElementChild) this.#draw(state);
  }

  // The app hears of every visit, however one came.
  #enter(state) {
    const channel = state.channels[state.channel];
    const here = channel?.is_im ? placeOf(state) : "";
    const isNew = here !== this.#entered;
    this.#entered = here;
    const app = appOfChannel(state, channel);
    if (here && isNew && app) this.#commands.openHome(state.tab, app.id);
  }

  #draw(state) {
    const view = viewOf(state);
    const isSame = Boolean(view && this.#shown && view.id === this.#shown.id);
    this.#shown = view;
    if (!view) return fill(this.#root, nothing(state));
    this.#context = this.#contextFor(view, state, isSame);
    const body = h("div", { class: "home-view", "data-view-id": view.id }, renderBlocks(view.blocks, this.#context));
    const old = this.#root.firstElementChild;
    if (isSame && old) replaceKeeping(old, body);
    else fill(this.#root, body);
  }

  #contextFor(view, state, isSame) {
    const sent = { values: () => view.state?.values ?? {} };
    return createBlockContext({
      names: namesOf(state),
      people: people(state),
      channels: Object.values(state.channels),
      container: { key: view.id, target: { view_id: view.id } },
      commands: this.#commands,
      previous: isSame ? this.#context : sent,
    });
  }
}

const placeOf = ({ user, channel, tab }) => `${user} ${channel} ${tab}`;

const viewOf = (state) => state.homes[appOfChannel(state, state.channels[state.channel])?.id] ?? null;

function nothing(state) {
  const { name } = state.channels[state.channel];
  return h("p", { class: "empty" }, `${name} has not published a Home tab for you.`);
}
