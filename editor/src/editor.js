// The editor of definitions: it takes the place of the page's text field, completes from the JSON Schema, and marks the
// mistakes that the server finds. Without it the form works all the same.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { placeOf } from "./place.js";
import { keysOf, schemasAt, valuesOf } from "./schema.js";

const field = document.getElementById("text");
const label = document.querySelector("label[for=text]");

function completions(schema) {
  return (context) => {
    const lines = context.state.doc.sliceString(0, context.pos).split("\n");
    const rest = context.state.doc.sliceString(context.pos).split("\n").slice(1);
    const place = placeOf(lines, rest);
    const schemas = schemasAt(schema, place.path, place.siblings);
    const word = place.word.trimEnd();
    if (!word && !context.explicit && place.key === null) return null;
    const options = place.key === null && !place.isList ? keys(schemas, place, schema) : values(schemas, place, schema);
    return options.length ? { from: context.pos - word.length, options, validFor: /^[\w.-]*$/ } : null;
  };
}

function keys(schemas, place, schema) {
  return keysOf(schemas, place.siblings, schema).map(({ label, info, isRequired }) => ({
    label,
    type: "property",
    detail: isRequired ? "required" : "",
    info: info || undefined,
    apply: `${label}: `,
    boost: isRequired ? 1 : 0,
  }));
}

function values(schemas, place, schema) {
  return valuesOf(schemas, place.key ?? 0, schema).map(({ label, info }) => ({ label, type: "constant", info: info || undefined }));
}

// The page's own colours, which know light and dark.
const colours = HighlightStyle.define([
  { tag: tags.definition(tags.propertyName), color: "var(--link)" },
  { tag: tags.comment, color: "var(--quiet)", fontStyle: "italic" },
  { tag: [tags.string, tags.content], color: "var(--text)" },
  { tag: [tags.keyword, tags.bool, tags.number], color: "var(--good)" },
  { tag: tags.punctuation, color: "var(--quiet)" },
]);
const look = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "var(--card)", fontSize: "13.5px", maxHeight: "75vh" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.55", minHeight: "24rem" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  "&.cm-focused": { outline: "2px solid var(--link)" },
  ".cm-gutters": { backgroundColor: "var(--faint)", color: "var(--quiet)", border: "0" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  "&.cm-focused .cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--faint) 55%, transparent)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--link) 28%, transparent)",
  },
  ".cm-tooltip": { backgroundColor: "var(--card)", color: "var(--text)", border: "1px solid var(--line)", borderRadius: "6px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { color: "inherit", fontStyle: "normal", opacity: "0.8" },
  ".cm-completionInfo": { maxWidth: "24rem", padding: "0.4rem 0.6rem" },
  // Not the pictures that CodeMirror has for them: the page's policy allows none that are written into a style.
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad) 1px", textUnderlineOffset: "0.2em" },
  ".cm-lint-marker-error": { content: "none" },
  ".cm-lint-marker-error::before": { content: "'●'", color: "var(--bad)" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--bad)" },
  ".cm-panels": { backgroundColor: "var(--faint)", color: "var(--text)" },
});

function begin(schema) {
  const place = document.createElement("div");
  place.className = "code";
  field.after(place);
  // In a shadow tree the styles are adopted sheets, so that the page's policy allows no inline style.
  const root = place.attachShadow({ mode: "open" });
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: field.value,
      extensions: [
        lineNumbers(),
        lintGutter(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        search({ top: true }),
        indentUnit.of("  "),
        yaml(),
        syntaxHighlighting(colours),
        look,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ "aria-label": label.textContent, tabindex: "0" }),
        autocompletion({ override: schema ? [completions(schema)] : [], icons: false }),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap, ...lintKeymap]),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged) return;
          field.value = update.state.doc.toString();
          field.dispatchEvent(new Event("input", { bubbles: true }));
        }),
      ],
    }),
  });
  // Whoever has begun to type in the field goes on in the editor.
  if (document.activeElement === field) {
    view.dispatch({ selection: { anchor: field.selectionStart, head: field.selectionEnd }, scrollIntoView: true });
    view.focus();
  }
  field.hidden = true;
  label.addEventListener("click", () => view.focus());
  mark(view);
  document.addEventListener("htmx:afterSwap", () => mark(view));
}

/** Mark the mistakes that the server lists beside the editor. */
function mark(view) {
  const listed = [...document.querySelectorAll("#mistake-list li")].filter((each) => each.dataset.line !== "0");
  const diagnostics = listed.map((each) => {
    const line = view.state.doc.line(Math.min(Number(each.dataset.line), view.state.doc.lines));
    const at = line.from + Number(each.dataset.column) - 1;
    return { from: at < line.to ? at : line.from, to: line.to, severity: "error", message: each.querySelector("span").textContent };
  });
  view.dispatch(setDiagnostics(view.state, diagnostics));
}

if (field) {
  fetch(field.dataset.schema)
    .then((answer) => (answer.ok ? answer.json() : null), () => null)
    .then(begin);
}
