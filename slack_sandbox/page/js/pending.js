// Which buttons wait for an answer. Kept apart from the buttons, because a message may be drawn anew meanwhile.

const waiting = new Set();

/** Shows on a fresh control whether its action is under way. */
export function showPending(control, key) {
  control.dataset.pendingKey = key;
  mark(control, waiting.has(key));
}

export const isPending = (key) => waiting.has(key);

/** Runs `work` while every control with `key` shows that it is under way. */
export async function whilePending(key, work) {
  waiting.add(key);
  update(key);
  try {
    return await work();
  } finally {
    waiting.delete(key);
    update(key);
  }
}

function update(key) {
  for (const control of document.querySelectorAll(`[data-pending-key="${CSS.escape(key)}"]`))
    mark(control, waiting.has(key));
}

// aria-disabled, not disabled: a disabled control would throw the keyboard focus away.
function mark(control, pending) {
  control.classList.toggle("pending", pending);
  control.setAttribute("aria-busy", String(pending));
  control.setAttribute("aria-disabled", String(pending));
}
