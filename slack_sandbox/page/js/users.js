// The switch for who you are.

import { fill, h } from "./dom.js";
import { avatar, colorOf } from "./names.js";
import { people } from "./place.js";

/** `select` is the switch, `face` the place for the avatar beside it. */
export function createUserSwitch({ select, face, navigation }) {
  let known = null;
  let shown = null;
  select.addEventListener("change", () => navigation.switchUser(select.value));

  return function render(state) {
    if (state.users !== known) fill(select, people(state).map(option));
    if (state.users !== known || state.user !== shown) show(state);
    known = state.users;
    shown = state.user;
  };

  function show(state) {
    const user = state.users[state.user];
    if (!user) return;
    select.value = user.id;
    fill(face, avatar({ name: user.real_name || user.name, color: colorOf(user) }, "small"));
  }
}

function option(user) {
  const name = user.real_name || user.name;
  return h("option", { value: user.id }, user.title ? `${name} · ${user.title}` : name);
}
