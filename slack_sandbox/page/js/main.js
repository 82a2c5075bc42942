// Puts the page together: one store, what can be done, and the parts that draw what the store holds.

import { createChannelLinks } from "./channel_links.js";
import { Commands } from "./commands.js";
import { Composer } from "./composer.js";
import { setCustomEmoji } from "./emoji.js";
import { createFrame, showConnection } from "./frame.js";
import { createDrawer } from "./drawer.js";
import { createHeader } from "./header.js";
import { HomeTab } from "./home.js";
import { MessageList, newsPill } from "./messages.js";
import { Modal } from "./modal.js";
import { Navigation } from "./navigation.js";
import { exceptWhilePressed } from "./press.js";
import { createSandboxMenu } from "./sandbox_menu.js";
import { createShortcutButton } from "./shortcuts.js";
import { createSidebar } from "./sidebar.js";
import { placeOfPermalink } from "./session.js";
import { createStore } from "./store.js";
import { ThreadPane } from "./thread.js";
import { channelLines } from "./timeline.js";
import { createUserSwitch } from "./users.js";

const part = (id) => document.getElementById(id);

function start() {
  const store = createStore();
  const tools = { store, commands: new Commands(store), navigation: new Navigation(store) };
  tools.home = new HomeTab(part("home"), tools);
  const drawings = [
    ...createChrome(tools),
    createChannel(tools),
    ...createLayers(tools),
    createFrame(part, tools),
  ];
  store.subscribe((state) => setCustomEmoji(state.emoji));
  store.subscribe(exceptWhilePressed(() => store.state.user && drawings.forEach((draw) => draw(store.state))));
  store.subscribe((state) => showConnection(part, state));
  document.addEventListener("click", (event) => openLinkedPlace(event, tools.navigation));
  tools.navigation.start();
}

function createChrome(tools) {
  const drawer = createDrawer(part("drawer-toggle"), part("drawer-shade"));
  const list = { list: part("channel-list"), add: part("add-channel"), closeDrawer: drawer.close };
  return [
    createSandboxMenu(part("sandbox-menu"), tools),
    createUserSwitch({ select: part("user-switch"), face: part("user-face"), ...tools }),
    createSidebar({ ...list, ...tools }),
    createHeader({ root: part("channel-header"), ...tools }),
    createChannelLinks(part("channel-links"), tools),
    (state) => tools.home.render(state),
    createShortcutButton(part("shortcuts"), tools),
  ];
}

function createChannel(tools) {
  const pill = newsPill();
  part("messages").append(pill);
  const list = new MessageList({ scroller: part("scroller"), list: part("message-list"), pill, ...tools });
  const parts = {
    form: part("composer-form"),
    field: part("composer"),
    send: part("send"),
    hints: part("hints"),
  };
  const composer = new Composer(parts, tools);
  return (state) => {
    list.render(state, channelLines(state, new Date()));
    composer.render(state);
  };
}

function createLayers(tools) {
  const thread = new ThreadPane(threadParts(), tools);
  const modal = new Modal(tools.commands);
  return [(state) => thread.render(state), (state) => modal.render(state)];
}

const threadParts = () => ({
  pane: part("thread"),
  close: part("thread-close"),
  channelName: part("thread-channel"),
  scroller: part("thread-scroller"),
  list: part("thread-list"),
  form: part("thread-form"),
  field: part("thread-composer"),
  send: part("thread-send"),
  hints: part("thread-hints"),
});

function openLinkedPlace(event, navigation) {
  const link = event.target.closest?.("[data-open-channel], a[href*='/archives/']");
  if (!link || event.metaKey || event.ctrlKey) return;
  const place = link.dataset.openChannel ? { channel: link.dataset.openChannel } : placeOfPermalink(link.href);
  if (!place) return;
  event.preventDefault();
  if (place.ts) navigation.openPlace(place);
  else navigation.openChannel(place.channel);
}

start();
