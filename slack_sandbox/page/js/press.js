// The browser sends no click if what is pressed is replaced before it is released.

const LATER = 100; // milliseconds after the release, by when a click has come, from a finger, too

// The release of a press on a select goes to its menu, and not to the page.
const isPress = (event) => event.button === 0 && !event.target.closest?.("select");

/** Returns a function that calls `draw`; during a press of the mouse, a pen or a finger, once that has ended. */
export function exceptWhilePressed(draw) {
  let isPressed = false;
  let isDue = false;
  let ending = null;

  function begin(event) {
    clearTimeout(ending); // that of the press before
    isPressed = isPress(event);
  }

  function endAfter(milliseconds) {
    clearTimeout(ending);
    ending = setTimeout(end, milliseconds);
  }

  function end() {
    isPressed = false;
    if (isDue) drawn();
  }

  function drawn() {
    isDue = isPressed;
    if (!isPressed) draw();
  }

  document.addEventListener("pointerdown", begin, true);
  document.addEventListener("click", () => endAfter(0), true);
  for (const release of ["pointerup", "pointercancel"])
    document.addEventListener(release, () => endAfter(LATER), true);
  // The release was outside the window, or a menu of the system has taken it.
  document.addEventListener("pointermove", (event) => isPressed && !event.buttons && end(), true);
  return drawn;
}
