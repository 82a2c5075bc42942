// Building elements without ever parsing HTML: whatever comes out of a message ends up in a text node.

const SVG = "http://www.w3.org/2000/svg";

/** Makes an element. `on…` keys are listeners, `true` is a bare attribute, null and false are left out. */
export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(node, name, value);
  node.append(...present(children));
  return node;
}

function setAttribute(node, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (typeof value === "function") node.addEventListener(name.slice(2), value);
  else node.setAttribute(name, value === true ? "" : String(value));
}

function present(children) {
  return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Replaces all that `node` contains. */
export function fill(node, ...children) {
  node.replaceChildren(...present(children));
  return node;
}

/** A line drawing of 20 by 20 units in the colour of its text; decorative, so hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

const ICONS = {
  menu: "M3 5.5h14M3 10h14M3 14.5h14",
  close: "M5 5l10 10M15 5L5 15",
  back: "M12 4l-6 6 6 6",
  send: "M3.5 10h12M10.5 4.5l5.5 5.5-5.5 5.5",
  hash: "M8 3L6 17M14 3l-2 14M3.5 7.5h13M3 12.5h13",
  lock: "M5 9h10v8H5zM7 9V6.5a3 3 0 016 0V9",
  archive: "M3 4h14v4H3zM4.5 8v8.5h11V8M8 11.5h4",
  reply: "M8 5L3.5 9.5 8 14M3.5 9.5H12a4.5 4.5 0 014.5 4.5v1.5",
  people:
    "M7.5 9.5a3 3 0 100-6 3 3 0 000 6zM2 17c0-3 2.5-5 5.5-5s5.5 2 5.5 5M13 3.9a3 3 0 010 5.2M15 12.4c1.8.7 3 2.4 3 4.6",
  plus: "M10 4v12M4 10h12",
  more: "M4.5 10h.01M10 10h.01M15.5 10h.01",
  eye: "M2 10s3-5 8-5 8 5 8 5-3 5-8 5-8-5-8-5zM10 12a2 2 0 100-4 2 2 0 000 4z",
  down: "M10 4v12M5 11l5 5 5-5",
  pin: "M7.5 3h5M8 3v6l-3 3.5h10L12 9V3M10 12.5V18",
  link: "M8.5 11.5a3 3 0 004.2 0l3-3a3 3 0 00-4.2-4.2l-1 1M11.5 8.5a3 3 0 00-4.2 0l-3 3a3 3 0 004.2 4.2l1-1",
  home: "M3.5 9.5L10 4l6.5 5.5M5.5 8.5V16h9V8.5M8.5 16v-4.5h3V16",
  smile: "M10 17.5a7.5 7.5 0 100-15 7.5 7.5 0 000 15zM7 12c.8 1.2 1.8 1.8 3 1.8s2.2-.6 3-1.8M7.5 8h.01M12.5 8h.01",
  bolt: "M11 2.5L4.5 11.5H10l-1 6 6.5-9H10z",
  tag: "M3 3.5h6.5l7.5 7.5-6.5 6.5L3 10zM6.5 7h.01",
};

/** Text that only a screen reader says. */
export const spoken = (text) => h("span", { class: "spoken" }, text);

let serial = 0;

/** An id for aria references, unique in this page. */
export const uniqueId = (prefix) => `${prefix}-${++serial}`;
