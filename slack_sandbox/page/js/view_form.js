// The form of one modal view: what it shows, and what happens when it is submitted.

import { reasonOf } from "./api.js";
import { renderBlocks } from "./blocks.js";
import { h, icon } from "./dom.js";
import { textObject } from "./mrkdwn.js";
import { problemsOf } from "./validate.js";

/** `isStacked`: another view lies below; `context` comes from block_context.js. */
export function viewForm(view, { isStacked, context, commands }) {
  const close = () => commands.closeView(view);
  const banner = h("div", { class: "banner", role: "alert", "data-testid": "modal-error" });
  const submit = submitButton(view, context);
  const form = h(
    "form",
    { novalidate: true, "data-view-id": view.id, "data-callback-id": view.callback_id },
    h(
      "header",
      {},
      isStacked && iconButton("back", "Back", "modal-back", close),
      h("h2", { id: "modal-title" }, textObject(view.title, context.names)),
      iconButton("close", "Close", "modal-dismiss", () => commands.closeView(view, true)),
    ),
    h("div", { class: "modal-body" }, banner, renderBlocks(view.blocks, context)),
    h("footer", { class: "dialog-buttons" }, closeButton(view, context, close), submit),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (submit?.getAttribute("aria-busy") !== "true") send(view, { form, submit, banner, context, commands });
  });
  return form;
}

const iconButton = (symbol, label, testid, onclick) =>
  h(
    "button",
    { type: "button", class: "quiet", "aria-label": label, "data-testid": testid, onclick },
    icon(symbol),
  );

function closeButton(view, { names }, onclick) {
  const label = view.close ? textObject(view.close, names) : "Close";
  return h("button", { type: "button", class: "button", "data-testid": "modal-close", onclick }, label);
}

function submitButton(view, { names }) {
  const isForm = view.blocks?.some((block) => block.type === "input");
  if (!view.submit && !isForm) return null;
  const label = view.submit ? textObject(view.submit, names) : "Submit";
  const disabled = Boolean(view.submit_disabled);
  return h(
    "button",
    { type: "submit", class: "button primary", disabled, "data-testid": "modal-submit" },
    label,
  );
}

async function send(view, { form, submit, banner, context, commands }) {
  const problems = problemsOf(context.fields);
  showErrors(form, problems, banner, context);
  if (Object.keys(problems).length) return;
  setBusy(submit, true);
  const answer = await commands.submitView(view, context.values());
  setBusy(submit, false);
  if (answer.ok) showErrors(form, answer.errors ?? {}, banner, context);
  else banner.textContent = reasonOf(answer);
}

function setBusy(button, busy) {
  button?.classList.toggle("pending", busy);
  button?.setAttribute("aria-busy", String(busy));
}

// Each error under its field; one without a field, or for a field that is not here, above them all.
function showErrors(form, errors, banner, { fields }) {
  for (const place of form.querySelectorAll("[data-error-for]"))
    place.textContent = errors[place.dataset.errorFor] ?? "";
  for (const { block, node } of fields) node.setAttribute("aria-invalid", String(block.block_id in errors));
  const known = new Set(fields.map(({ block }) => block.block_id));
  const elsewhere = Object.keys(errors).filter((id) => !known.has(id));
  banner.textContent = elsewhere.map((id) => errors[id]).join(" ");
  fields.find(({ block }) => block.block_id in errors)?.node.focus();
}
