/** The debug texts: every code has its sentence, and the ways in which nothing is sent are said in words. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { FILES, open, pass } from "./page.mjs";

const source = (name) => readFileSync(new URL("../" + name, import.meta.url), "utf8");

const debugged = (options = {}) => {
  const lines = [];
  const print = (...parts) => lines.push(parts.map((part) => (typeof part == "string" ? part : JSON.stringify(part) || String(part))).join(" "));
  const page = open({ ...options, window: { ...options.window, console: { info: print, warn: print } } });
  page.load(FILES.debug);
  return { page, lines, said: (pattern) => assert.ok(lines.some((line) => pattern.test(line)), `${pattern} in\n${lines.join("\n")}`) };
};

test("every code of the snippet has its sentence at its number", () => {
  const codes = [...source("t.js").matchAll(/^ {2}const ([A-Z_]+) = (\d+);$/gm)].map(([, name, number]) => [name, +number]);
  const sentences = [...source("debug.js").matchAll(/^ {4}\/\* ([A-Z_]+) +\*\/ \(/gm)].map(([, name], number) => [name, number]);
  assert.ok(codes.length >= 7);
  assert.deepEqual(sentences, codes);
});

test("what happened before the texts came is told, then what happens after", async () => {
  const { page, said, lines } = debugged({ tag: { "data-consent": "statistics" } });
  said(/consent is "statistics"/);
  said(/page_view waits/);
  page.run("kr('view_cart')");
  said(/view_cart waits/);
  await pass(page, 300);
  said(/2 sent: 202, taken/);
  assert.ok(lines.every((line) => line.startsWith("[kr]")));
});

test("a second tag, a wrong level, the privacy signal, no consent, JSON that is none", async () => {
  const { page, said } = debugged({ tag: { "data-consent": "granted" } });
  said(/"granted" is none/);
  page.load();
  said(/on this page twice/);
  page.run("kr('consent', 'none'); kr('view_cart')");
  said(/view_cart was not sent: consent is "none"/);
  const loop = debugged();
  loop.page.run("const x = {}; x.x = x; kr('custom', x)");
  loop.said(/because of an error/);
  debugged({ navigator: { globalPrivacyControl: true }, tag: { "data-consent": "marketing" } }).said(/privacy signal/);
});

test("what the door refused and left out is named", async () => {
  const { page, said } = debugged();
  page.answers.push([202, { json: { accepted: 0, refused: [{ index: 0, reason: "invalid", detail: { fields: { "page.url": "is no address" } } }], ignored_fields: ["events[0].data.foo"] } }]);
  await pass(page, 300);
  said(/page_view refused: invalid.*page\.url/);
  said(/left out.*data\.foo/);
});

for (const [status, pattern] of [
  [401, /site key of data-key/],
  [403, /not one of the shop's hosts/],
  [413, /too big/],
  [429, /too many requests/],
  [503, /cannot take it now/],
  [502, /cannot take it now/],
  [404, /unexpected/],
  ["offline", /blocked by an extension/],
])
  test(`the answer ${status} in words`, async () => {
    const { page, said } = debugged();
    page.answers.push(status);
    await pass(page, 300);
    said(pattern);
  });

test("dropped events are told", async () => {
  const { page, said } = debugged();
  page.run("for (let i = 0; i < 101; i++) kr('view_cart')");
  await pass(page, 300);
  said(/page_view was dropped/);
});

test("a tag without key or address is told", () => {
  debugged({ tag: { "data-key": undefined } }).said(/no data-key/);
});
