// The list of channels, with what is unread.

import { fill, h, icon, spoken } from "./dom.js";
import { askText } from "./dialogs.js";
import { appChannel, channelGroups, unreadOf } from "./selectors.js";

const NOT_IN_NAMES = /[^\p{L}\p{N}_-]+/gu;
const LONGEST_NAME = 80;

// As Slack's own dialog does it: a name is made to fit while it is typed.
const channelName = (typed) =>
  typed
    .toLowerCase()
    .replace(NOT_IN_NAMES, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, LONGEST_NAME);

/** `list` takes the channels; `add` is the button for a new one; `closeDrawer` hides the list on a phone. */
export function createSidebar({ list, add, commands, navigation, home, closeDrawer }) {
  add.addEventListener("click", async () => {
    const isPrivate = h("input", { type: "checkbox" });
    const name = await askText({
      title: "New channel",
      label: "Name",
      placeholder: "inc-orders-db-down",
      yes: "Create",
      more: h("label", { class: "box" }, isPrivate, "Private: only its members see it"),
    });
    const id = name && (await commands.createChannel(channelName(name), isPrivate.checked));
    if (id) navigation.openChannel(id);
  });

  return function render(state) {
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.testid : null;
    const { joined, others, archived } = channelGroups(state);
    const open = (id) => {
      navigation.openChannel(id);
      closeDrawer();
    };
    fill(
      list,
      group("Channels", joined, state, open),
      group("Not joined", others, state, open),
      group("Archived", archived, state, open),
      appGroup(state, (app) => {
        home.open(state, app);
        closeDrawer();
      }),
    );
    if (focused) list.querySelector(`[data-testid="${CSS.escape(focused)}"]`)?.focus();
  };
}

function group(title, channels, state, open) {
  if (!channels.length) return null;
  const rows = channels.map((channel) => h("li", {}, row(channel, state, open)));
  return h("section", { class: "channel-group" }, h("h2", {}, title), h("ul", {}, rows));
}

function appGroup(state, open) {
  const rows = Object.values(state.apps).map((app) => {
    const channel = appChannel(state, app) ?? { id: app.id, name: app.name, is_im: true };
    return h("li", {}, row(channel, state, () => open(app)));
  });
  return h("section", { class: "channel-group" }, h("h2", {}, "Apps"), h("ul", {}, rows));
}

function row(channel, state, open) {
  const { count, mentions } = unreadOf(state, channel.id);
  const isOpen = channel.id === state.channel;
  const classes = ["channel", count && "unread", channel.is_archived && "archived"].filter(Boolean).join(" ");
  return h(
    "button",
    {
      type: "button",
      class: classes,
      "data-testid": `channel-${channel.id}`,
      "aria-current": isOpen ? "page" : null,
      onclick: () => open(channel.id),
    },
    icon(symbolOf(channel)),
    h("span", { class: "channel-name" }, channel.name),
    count > 0 &&
      h(
        "span",
        { class: `badge ${mentions ? "for-you" : ""}`, "data-testid": `unread-${channel.id}` },
        count,
        spoken(" unread"),
      ),
  );
}

export const symbolOf = (channel) =>
  channel.is_archived ? "archive" : channel.is_im ? "home" : channel.is_private ? "lock" : "hash";
