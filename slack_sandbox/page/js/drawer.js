// On a phone the list of channels lies in a drawer.

/** `toggle` is its button, `shade` what covers the rest while it is open. */
export function createDrawer(toggle, shade) {
  const isOpen = () => document.body.classList.contains("drawer-open");
  const set = (open) => {
    document.body.classList.toggle("drawer-open", open);
    toggle.setAttribute("aria-expanded", String(open));
  };
  toggle.addEventListener("click", () => set(!isOpen()));
  shade.addEventListener("click", () => set(false));
  document.addEventListener("keydown", (event) => event.key === "Escape" && isOpen() && set(false));
  return { close: () => set(false) };
}
