// Files that a message shows: https://docs.slack.dev/reference/objects/file-object

import { h, icon } from "./dom.js";

const UNITS = [
  ["GB", 1e9],
  ["MB", 1e6],
  ["KB", 1e3],
];

/** A card for each file, or null where there is none. */
export function files(list) {
  return list?.length ? h("div", { class: "files" }, list.map(card)) : null;
}

function card(file) {
  const name = file.title || file.name;
  const lines = file.lines > 1 ? `${file.lines} lines` : null;
  const about = [file.pretty_type, sizeOf(file.size), lines].filter(Boolean).join(" · ");
  return h(
    "figure",
    { class: "file", "data-testid": "file", "data-file": file.id },
    h(
      "figcaption",
      {},
      h("span", { class: "file-name" }, name),
      h("span", { class: "hint" }, about),
      download(file, name),
    ),
    content(file, name),
  );
}

// The page reaches the sandbox under a name of its own: only the path counts.
const pathOf = (address) => new URL(address, window.location.origin).pathname;

function download(file, name) {
  const attributes = { href: pathOf(file.url_private_download), download: file.name, class: "quiet" };
  return h("a", { ...attributes, "aria-label": `Download ${name}`, title: "Download" }, icon("down"));
}

function content(file, name) {
  if (file.mimetype?.startsWith("image/")) return h("img", { src: pathOf(file.url_private), alt: name, loading: "lazy" });
  if (!file.preview) return null;
  const more = file.preview_is_truncated && h("span", { class: "hint" }, "The rest is in the file.");
  const region = { class: "code-block", tabindex: 0, role: "region", "aria-label": `Beginning of ${name}` };
  return [h("pre", region, h("code", {}, file.preview)), more];
}

function sizeOf(bytes) {
  const [unit, size] = UNITS.find(([, least]) => bytes >= least) ?? ["bytes", 1];
  return `${size === 1 ? bytes : (bytes / size).toFixed(1)} ${unit}`;
}
