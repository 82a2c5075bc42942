// Where the cursor is in a YAML text: the path of the mapping that it is in, what else that mapping has, and what is
// being written. It reads lines and not a syntax tree, because a text is mostly wrong while it is being written.

const KEY = /^("[^"]*"|'[^']*'|[^\s:#{}[\],&*][^:#{}[\],]*?)\s*:(?:\s|$)/;

/** Split a line into the columns of its dashes, and the column, name and value of its key, if it has one. */
export function partsOf(line) {
  let at = line.match(/^ */)[0].length;
  const dashes = [];
  while (/^-(\s|$)/.test(line.slice(at))) {
    dashes.push(at);
    at += 1 + line.slice(at + 1).match(/^ */)[0].length;
  }
  const rest = line.slice(at);
  const found = rest.match(KEY);
  const name = found ? found[1].replace(/^["']|["']$/g, "") : null;
  return { dashes, column: at, name, value: found ? rest.slice(found[0].length).trim() : "", isEmpty: !rest.trim() || rest.startsWith("#") };
}

/**
 * Return {path, siblings, key, word} for the end of the last line. `path` has the names of keys, and 0 for an entry of
 * a list; `key`: the key whose value is being written, or null while a key is; `word`: what is written of it so far.
 */
export function placeOf(before, after = []) {
  const lines = before.slice();
  const line = lines.pop();
  const here = partsOf(line);
  const path = pathTo(lines, here);
  const siblings = siblingsOf(lines, here, after);
  const flow = line.slice(here.column).search(/[{[]/);
  if (flow >= 0) return inFlow(line.slice(here.column), path, siblings, here);
  if (here.name === null) return { path, siblings, key: null, word: line.slice(here.column) };
  return { path, siblings, key: here.name, word: line.slice(here.column).replace(KEY, "").trimStart() };
}

function pathTo(lines, here) {
  const path = [];
  let column = here.column;
  for (const dash of here.dashes.toReversed()) {
    path.unshift(0);
    column = dash;
  }
  let isItem = here.dashes.length > 0;
  for (let at = lines.length - 1; at >= 0 && (column > 0 || isItem); at--) {
    const { dashes, column: of, name, value, isEmpty } = partsOf(lines[at]);
    if (isEmpty && !dashes.length) continue;
    if (lines[at].startsWith("---")) break;
    if (name !== null && !value && (of < column || (isItem && of === column && !dashes.includes(of)))) {
      path.unshift(name);
      column = of;
      isItem = false;
    }
    for (const dash of dashes.toReversed()) {
      if (dash >= column) continue;
      path.unshift(0);
      column = dash;
      isItem = true;
    }
  }
  return path;
}

/** Return the keys with plain values beside the one that is being written, in the same mapping. */
function siblingsOf(before, here, after) {
  const found = {};
  const note = (parts) => {
    if (parts.name !== null && parts.column === here.column) found[parts.name] = parts.value;
  };
  if (!here.dashes.length) {
    for (let at = before.length - 1; at >= 0; at--) {
      const parts = partsOf(before[at]);
      if (parts.isEmpty && !parts.dashes.length) continue;
      if (parts.column < here.column || before[at].startsWith("---")) break;
      note(parts);
      if (parts.dashes.length && parts.dashes[0] < here.column) break;
    }
  }
  for (const line of after) {
    const parts = partsOf(line);
    if (parts.isEmpty && !parts.dashes.length) continue;
    if (parts.column < here.column || (parts.dashes.length && parts.dashes[0] < here.column)) break;
    note(parts);
  }
  return found;
}

/** The same inside `{…}` and `[…]` that are written in one line. */
function inFlow(text, path, siblings, here) {
  const stack = [];
  let key = here.name;
  let word = "";
  let start = text.search(/[{[]/);
  for (let at = start; at < text.length; at++) {
    const sign = text[at];
    if (sign === '"' || sign === "'") {
      const end = text.indexOf(sign, at + 1);
      word += end < 0 ? text.slice(at) : text.slice(at, end + 1);
      at = end < 0 ? text.length : end;
    } else if (sign === "{" || sign === "[") {
      stack.push({ isMap: sign === "{", key, found: {} });
      key = null;
      word = "";
    } else if (sign === "}" || sign === "]") {
      key = stack.pop()?.key ?? null;
      word = "";
    } else if (sign === ",") {
      if (key !== null && stack.at(-1)?.isMap) stack.at(-1).found[key] = word.trim();
      if (stack.at(-1)?.isMap) key = null;
      word = "";
    } else if (sign === ":" && key === null && stack.at(-1)?.isMap && /^(\s|$)/.test(text.slice(at + 1))) {
      key = word.trim();
      word = "";
    } else word += sign;
  }
  if (!stack.length) return { path, siblings, key: here.name, word: "" };
  const inner = stack.flatMap((each) => [...(each.key !== null ? [each.key] : []), ...(each.isMap ? [] : [0])]);
  const top = stack.at(-1);
  return { path: [...path, ...inner], siblings: top.found, key: top.isMap ? key : null, word: word.trimStart(), isList: !top.isMap };
}
