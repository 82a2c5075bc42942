// Where the cursor is, and what the schema allows there: `node --test`.
import assert from "node:assert/strict";
import { test } from "node:test";
import { placeOf } from "./src/place.js";
import { keysOf, schemasAt, valuesOf } from "./src/schema.js";

const at = (text, after = "") => placeOf(text.split("\n"), after ? after.split("\n") : []);

test("a key of the document itself", () => {
  const place = at("kind: runbook\nteam: database\nde");
  assert.deepEqual(place, { path: [], siblings: { kind: "runbook", team: "database" }, key: null, word: "de" });
});

test("a key of an entry of a list, and its siblings before and after it", () => {
  const place = at("steps:\n  - id: a\n    type: http\n    ur", "    method: GET\n  - id: b\n    other: x");
  assert.deepEqual(place.path, ["steps", 0]);
  assert.deepEqual(place.siblings, { id: "a", type: "http", method: "GET" });
  assert.equal(place.word, "ur");
});

test("a list may stand in the column of its key", () => {
  assert.deepEqual(at("steps:\n- id: a\n- ty").path, ["steps", 0]);
  assert.deepEqual(at("steps:\n- id: a\n  retry:\n    at").path, ["steps", 0, "retry"]);
});

test("the value of a key", () => {
  const place = at("steps:\n  - id: a\n    type: ht");
  assert.deepEqual([place.path, place.key, place.word], [["steps", 0], "type", "ht"]);
});

test("inside braces, and inside braces within them", () => {
  const place = at("steps:\n  - {id: a, type: http, me");
  assert.deepEqual([place.path, place.siblings, place.key, place.word], [["steps", 0], { id: "a", type: "http" }, null, "me"]);
  const inner = at("steps:\n  - {id: a, retry: {safe: tr");
  assert.deepEqual([inner.path, inner.key, inner.word], [["steps", 0, "retry"], "safe", "tr"]);
  assert.deepEqual(at('steps:\n  - {id: "a, b: {", ty').siblings, { id: '"a, b: {"' });
  assert.deepEqual(at("trigger: {on: inc").path, ["trigger"]);
});

test("of deeper steps, not of those beside them", () => {
  const text = "steps:\n  - id: a\n    type: runbook\n    steps:\n      - id: b\n        type: shell\n        ar";
  assert.deepEqual(at(text).path, ["steps", 0, "steps", 0]);
  assert.deepEqual(at(`${text}gv: [x]\n    na`).path, ["steps", 0]);
});

const schema = {
  $defs: {
    Http: { description: "Call.", properties: { type: { const: "http" }, url: {}, method: { enum: ["GET", "PUT"] } }, required: ["url"] },
    Shell: { properties: { type: { const: "shell" }, argv: { type: "array" }, safe: { type: "boolean" } } },
  },
  properties: { steps: { items: { anyOf: [{ $ref: "#/$defs/Http" }, { $ref: "#/$defs/Shell" }] } } },
};
const labels = (found) => found.map((each) => each.label);

test("the type of a step decides which keys it may have", () => {
  const siblings = { type: "http" };
  const found = keysOf(schemasAt(schema, ["steps", 0], siblings), siblings, schema);
  assert.deepEqual(labels(found), ["url", "method"]);
  assert.equal(found[0].isRequired, true);
  assert.deepEqual(labels(keysOf(schemasAt(schema, ["steps", 0], {}), {}, schema)), ["type", "url", "method", "argv", "safe"]);
});

test("the values that a key may have", () => {
  const all = schemasAt(schema, ["steps", 0], {});
  assert.deepEqual(labels(valuesOf(all, "type", schema)), ["http", "shell"]);
  assert.deepEqual(labels(valuesOf(all, "method", schema)), ["GET", "PUT"]);
  assert.deepEqual(labels(valuesOf(all, "safe", schema)), ["true", "false"]);
  assert.deepEqual(valuesOf(all, "url", schema), []);
});
