// Builds the editor of the pages from the npm packages of package-lock.json, with their licences:
// `npm ci && npm run build` writes editor.js and editor.LICENSE to bot/pages/static, or to the folder that is named.
import { build } from "esbuild";
import { readFileSync, writeFileSync } from "node:fs";

const target = process.argv[2] ?? "../bot/pages/static";
const result = await build({
  entryPoints: ["src/editor.js"],
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  legalComments: "none",
  metafile: true,
  preserveSymlinks: true,
  outfile: `${target}/editor.js`,
});

const packages = new Set(
  Object.keys(result.metafile.inputs).flatMap((path) => path.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)?.[1] ?? []),
);
const licences = [...packages].sort().map((name) => {
  const about = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf-8"));
  return `${name} ${about.version} (${about.license})\n\n${readFileSync(`node_modules/${name}/LICENSE`, "utf-8").trim()}\n`;
});
writeFileSync(`${target}/editor.LICENSE`, licences.join("\n----\n\n"));
