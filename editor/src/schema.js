// What a JSON Schema allows at a place: the schemas that apply to a mapping, its keys, and the values of a key.

/** Return the schemas behind references and alternatives. */
export function variants(schema, root, depth = 0) {
  if (!schema || typeof schema !== "object" || depth > 12) return [];
  if (schema.$ref) return variants(pointed(schema.$ref, root), root, depth + 1);
  const several = schema.anyOf ?? schema.oneOf;
  if (several) return several.flatMap((each) => variants(each, root, depth + 1));
  if (schema.allOf) return schema.allOf.flatMap((each) => variants(each, root, depth + 1));
  return [schema];
}

function pointed(reference, root) {
  return reference
    .replace(/^#\//, "")
    .split("/")
    .reduce((found, part) => found?.[part.replaceAll("~1", "/").replaceAll("~0", "~")], root);
}

/** Return the schemas of the mapping at the path. `siblings` choose among alternatives: `type: http` is one kind. */
export function schemasAt(root, path, siblings) {
  let found = variants(root, root);
  for (const part of path) found = found.flatMap((each) => variants(inside(each, part), root));
  const fitting = found.filter((each) => fits(each, siblings, root));
  return fitting.length ? fitting : found;
}

function inside(schema, part) {
  if (part === 0) return schema.items ?? schema.prefixItems?.[0];
  return schema.properties?.[part] ?? (typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined);
}

function fits(schema, siblings, root) {
  return Object.entries(siblings).every(([name, value]) => {
    const fixed = variants(schema.properties?.[name], root).flatMap((each) => ("const" in each ? [each.const] : []));
    return !fixed.length || fixed.includes(value);
  });
}

/** Return {label, info, isRequired} for each key that a mapping may still have. */
export function keysOf(schemas, siblings, root) {
  const keys = new Map();
  for (const schema of schemas) {
    for (const [label, inner] of Object.entries(schema.properties ?? {})) {
      if (label in siblings || keys.has(label)) continue;
      const info = inner.description ?? variants(inner, root).find((each) => each.description)?.description ?? "";
      keys.set(label, { label, info, isRequired: (schema.required ?? []).includes(label) });
    }
  }
  return [...keys.values()];
}

/** Return {label, info} for each value that a key may have, as far as the schema lists them. */
export function valuesOf(schemas, key, root) {
  const values = new Map();
  for (const schema of schemas) {
    for (const each of variants(inside(schema, key), root)) {
      const listed = each.enum ?? ("const" in each ? [each.const] : each.type === "boolean" ? [true, false] : []);
      const info = "const" in each ? "" : (each.description ?? "");
      for (const value of listed) values.set(String(value), { label: String(value), info: info || (key === "type" ? (schema.description ?? "") : "") });
    }
  }
  return [...values.values()];
}
