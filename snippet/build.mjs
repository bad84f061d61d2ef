/**
 * Builds the snippet: t.js and its parts → tracker/static/snippet/k.js, k.layer.js …, and built.json.
 *
 * built.json holds the digests of what went in and came out, so that a test without node_modules can tell whether the
 * committed files are fresh, and their sizes, for the documentation and the bench.
 *
 *     npm run build                 writes, prints the sizes, fails over the byte budget
 *     node build.mjs <folder>       writes there instead, and leaves built.json alone
 */
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import uglify from "uglify-js"; // of five minifiers tried on this file, the one with the fewest bytes after brotli

const here = dirname(fileURLToPath(import.meta.url));
const output = process.argv[2] || join(here, "../tracker/static/snippet");
const PARTS = { "k.js": "t.js", "k.layer.js": "layer.js", "k.debug.js": "debug.js", "k.survey.js": "survey.js" };
const BUDGET = { "k.js": 1900, "k.survey.js": 1500 }; // bytes after brotli
const ENDPOINT = '"/k"'; // the front door puts the configured path in its place

const MINIFY = {
  module: true,
  toplevel: false, // or names of ours become globals of the shop's page
  compress: { passes: 5, unsafe: true, pure_getters: true, hoist_vars: true, keep_fargs: false },
  output: { quote_style: 2 },
};

const digest = (bytes) => createHash("sha256").update(bytes).digest("hex");
const brotli = (bytes) => brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } });

/** Event types for layer.js: what a browser may send, less what t.js tells itself and what has no name of its own. */
const OWN = ["page_view", "page_engaged", "page_twice", "consent_update", "identify", "custom"];
const contract = JSON.parse(readFileSync(join(here, "../tests/contract/events.json"), "utf8"));
const types = contract.events.filter((event) => event.sent_by.includes("browser")).map((event) => event.type);
const TYPES = JSON.stringify([...new Set(types)].filter((type) => !OWN.includes(type)));

const built = { sources: {}, files: {} };
const faults = [];
mkdirSync(output, { recursive: true });
built.sources["types"] = digest(TYPES);
for (const [name, source] of Object.entries(PARTS)) {
  const text = readFileSync(join(here, source), "utf8");
  const { code, error } = uglify.minify(text.replace("/* TYPES */ []", TYPES), MINIFY);
  if (error) throw error;
  const bytes = Buffer.from(code);
  writeFileSync(join(output, name), bytes);
  const sizes = { raw: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli: brotli(bytes).length };
  built.sources[source] = digest(text);
  built.files[name] = { ...sizes, sha256: digest(bytes) };
  console.log(`${name.padEnd(12)} ${sizes.raw} raw / ${sizes.gzip} gzip / ${sizes.brotli} brotli`);
  if (sizes.brotli > BUDGET[name]) faults.push(`${name} has ${sizes.brotli} bytes after brotli, ${BUDGET[name]} are allowed`);
  if (!code.startsWith("(()=>{")) faults.push(`${name} is not one function`);
  const endpoints = bytes.toString().split(ENDPOINT).length - 1;
  if (endpoints !== (name === "k.js" ? 1 : 0)) faults.push(`${name} holds the literal ${ENDPOINT} ${endpoints} times`);
}
if (!process.argv[2]) writeFileSync(join(here, "built.json"), JSON.stringify(built, null, 2) + "\n");
for (const fault of faults) console.error(fault);
process.exitCode = faults.length ? 1 : 0;
