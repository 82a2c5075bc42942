// Small questions in a dialog of the browser's own, which keeps the focus inside and gives it back afterwards.

import { h, uniqueId } from "./dom.js";
import { textObject } from "./mrkdwn.js";

/** Asks what a Block Kit confirmation object asks: {title, text, confirm, deny, style}; answers true or false. */
export function askConfirm({ title, text, confirm, deny, style }, names) {
  return ask("confirm", {
    title: textObject(title, names),
    body: h("div", { class: "dialog-text" }, textObject(text, names)),
    yes: textObject(confirm, names),
    no: textObject(deny, names),
    danger: style === "danger",
  });
}

/** Asks for a line of text; answers it, or null. `more` is shown below the field. */
export async function askText({ title, label, placeholder, value = "", yes, more = null, multiline = false }) {
  const id = uniqueId("ask");
  const attributes = { id, class: "text-input", placeholder, autocomplete: "off", autofocus: true };
  const field = multiline ? h("textarea", { ...attributes, rows: 4 }) : h("input", { ...attributes, type: "text" });
  field.value = value;
  const body = [h("div", { class: "block input" }, h("label", { for: id }, label), field), more];
  return (await ask("ask", { title, body, yes, no: "Cancel" })) ? field.value.trim() : null;
}

/** Asks for one of `choices` ({value, label}); answers its value, or null. `none` is said where there are none. */
export async function askChoice({ title, label, choices, yes, none }) {
  if (!choices.length) return show(title, h("p", {}, none)).then(() => null);
  const id = uniqueId("ask");
  const options = choices.map((choice) => h("option", { value: choice.value }, choice.label));
  const field = h("select", { id, class: "select", autofocus: true }, options);
  const body = h("div", { class: "block input" }, h("label", { for: id }, label), field);
  return (await ask("ask", { title, body, yes, no: "Cancel" })) ? field.value : null;
}

/** Shows `body`, wide, with a single button that closes it; answers when it is closed. */
export const showWide = (title, body) => ask("info", { title, body, yes: "Close", no: null, size: "wide" });

/** Shows `body` with a single button that closes it. */
export const show = (title, body) => ask("info", { title, body, yes: "Close", no: null });

function ask(testid, { title, body, yes, no, danger = false, size = "" }) {
  const heading = uniqueId("dialog");
  const form = h(
    "form",
    { method: "dialog" },
    h("h2", { id: heading }, title),
    body,
    h(
      "div",
      { class: "dialog-buttons" },
      no &&
        h(
          "button",
          { type: "button", class: "button", "data-testid": `${testid}-deny`, onclick: () => dialog.close() },
          no,
        ),
      h(
        "button",
        {
          type: "submit",
          value: "yes",
          class: `button ${danger ? "danger" : "primary"}`,
          "data-testid": `${testid}-ok`,
        },
        yes,
      ),
    ),
  );
  const dialog = h(
    "dialog",
    { class: `dialog small ${size}`, "aria-labelledby": heading, "data-testid": testid },
    form,
  );
  return opened(dialog);
}

function opened(dialog) {
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
