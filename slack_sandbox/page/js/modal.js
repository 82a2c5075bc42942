// Views of type `modal`: the top of the user's stack in a dialog. https://docs.slack.dev/surfaces/modals

import { createBlockContext } from "./block_context.js";
import { fill, h } from "./dom.js";
import { namesOf } from "./names.js";
import { people } from "./place.js";
import { replaceKeeping } from "./reconcile.js";
import { topView } from "./selectors.js";
import { viewForm } from "./view_form.js";

export class Modal {
  #commands;
  // What was entered in each view of the stack: it is still there when one comes back to it.
  #contexts = new Map();
  #shown = null;
  #dialog = null;

  constructor(commands) {
    this.#commands = commands;
  }

  render(state) {
    const view = topView(state);
    this.#forgetClosed(state.views);
    if (view === this.#shown) return;
    const isSame = Boolean(view && this.#shown && view.id === this.#shown.id);
    this.#shown = view;
    if (view) this.#draw(view, state, isSame);
    else this.#hide();
  }

  #forgetClosed(views) {
    const open = new Set(views.map((view) => view.id));
    for (const id of this.#contexts.keys()) if (!open.has(id)) this.#contexts.delete(id);
  }

  #draw(view, state, isSame) {
    this.#dialog ??= openDialog(() => this.#shown && this.#commands.closeView(this.#shown));
    const context = this.#contextFor(view, state);
    this.#contexts.set(view.id, context);
    const form = viewForm(view, { isStacked: state.views.length > 1, context, commands: this.#commands });
    if (isSame) return replaceKeeping(this.#dialog.firstElementChild, form);
    fill(this.#dialog, form);
    firstControl(form)?.focus();
  }

  #hide() {
    this.#dialog?.close();
    this.#dialog?.remove();
    this.#dialog = null;
  }

  #contextFor(view, state) {
    const container = { key: view.id, target: { view_id: view.id } };
    const sent = { values: () => view.state?.values ?? {} };
    return createBlockContext({
      names: namesOf(state),
      people: people(state),
      channels: Object.values(state.channels),
      container,
      commands: this.#commands,
      previous: this.#contexts.get(view.id) ?? sent,
    });
  }
}

function openDialog(close) {
  const dialog = h("dialog", {
    class: "dialog modal",
    "data-testid": "modal",
    "aria-labelledby": "modal-title",
  });
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

const FIRST_CONTROL = [
  "[autofocus]",
  ".modal-body :is(input, textarea, select, button)",
  "[data-testid=modal-submit]",
];

const firstControl = (form) => FIRST_CONTROL.map((selector) => form.querySelector(selector)).find(Boolean);
