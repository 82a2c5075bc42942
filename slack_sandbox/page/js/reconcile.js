// Keeps a container's children in step with a list of items, and touches only those that changed.

const drawn = new WeakMap();

/**
 * `items`: [{key, parts: [values whose identity tells a change]}]; `build(item, previousNode)` makes the node.
 * Open details and the keyboard focus survive the replacement of a node.
 */
export function reconcile(container, items, build) {
  const known = drawn.get(container) ?? new Map();
  const next = new Map();
  removeGone(known, items);
  let cursor = container.firstElementChild;
  for (const item of items) {
    const before = known.get(item.key);
    const unchanged = before && sameParts(before.parts, item.parts);
    const node = unchanged ? before.node : build(item, before?.node ?? null);
    if (before && !unchanged) {
      if (cursor === before.node) cursor = node;
      replaceKeeping(before.node, node);
    }
    if (cursor === node) cursor = cursor.nextElementSibling;
    else container.insertBefore(node, cursor);
    next.set(item.key, { node, parts: item.parts });
  }
  drawn.set(container, next);
}

function removeGone(known, items) {
  const wanted = new Set(items.map((item) => item.key));
  for (const [key, { node }] of known) if (!wanted.has(key)) node.remove();
}

const sameParts = (a, b) => a.length === b.length && a.every((part, index) => Object.is(part, b[index]));

/** Replaces `old`; carries over which details are open, and the focus to the control with the same action. */
export function replaceKeeping(old, fresh) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const open = [...old.querySelectorAll("details[open]")].map((details) => details.dataset.keep);
  old.replaceWith(fresh);
  for (const keep of open) fresh.querySelector(`details[data-keep="${keep}"]`)?.setAttribute("open", "");
  if (focused) counterpart(fresh, focused)?.focus({ preventScroll: true });
}

function counterpart(fresh, { dataset }) {
  const all = [...fresh.querySelectorAll("[data-action-id]")];
  const same = all.filter((control) => control.dataset.actionId === dataset.actionId);
  return same.find((control) => control.dataset.value === dataset.value) ?? same[0] ?? null;
}
