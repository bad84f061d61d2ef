/** How events get there: waiting, retrying, leaving, surviving a reload; and that the page never suffers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KEY, browser, codes, element, hide, leave, open, pass, sent, show, types } from "./page.mjs";

const CONSENT = { "data-consent": "statistics" };
const times = (page) => page.requests.map((request) => request.at - page.requests[0].at);
const waiting = (device) =>
  Object.entries(device.storage).flatMap(([name, text]) => (name == `_kr.${KEY}.` ? [] : JSON.parse(text)));

const unhandled = [];
process.on("unhandledRejection", (error) => unhandled.push(error));
test.afterEach(() => assert.deepEqual(unhandled.splice(0), []));

test("without an answer it is tried again, ever later, not at the same moment by all", async () => {
  const page = open();
  page.answers.push(...Array(6).fill("offline"));
  await pass(page, 200_000);
  assert.equal(page.requests.length, 7);
  assert.deepEqual(new Set(page.requests.map(({ body }) => body.events[0].event_id)).size, 1);
  const pauses = times(page).slice(1).map((at, index) => at - times(page)[index]);
  pauses.forEach((pause, tries) => assert.ok(pause >= 1000 * 2 ** tries && pause <= 1500 * 2 ** tries + 250, `${tries}: ${pause}`));
  assert.notEqual(pauses[0] % 1000, 0, "with jitter");
});

for (const status of [500, 502, 503, 429])
  test(`${status} is tried again, ${status == 503 ? "as late as Retry-After says" : "later"}`, async () => {
    const page = open();
    page.answers.push(status == 503 ? [503, { "retry-after": "30" }] : status);
    await pass(page, 29_000);
    assert.equal(page.requests.length, status == 503 ? 1 : 2);
    await pass(page, 30_000);
    assert.equal(page.requests.length, 2);
    assert.deepEqual(codes(page).filter((code) => code == 6).length, 2);
  });

test("a Retry-After of years is an hour, one that is a date is a usual pause", async () => {
  const page = open();
  page.answers.push([503, { "retry-after": "99999999" }], [503, { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }]);
  await pass(page, 3_500_000);
  assert.equal(page.requests.length, 1);
  await pass(page, 2_000_000);
  assert.equal(page.requests.length, 3);
});

for (const status of [200, 202, 400, 401, 403, 413])
  test(`${status} is an answer: the event is not sent again`, async () => {
    const page = open({ tag: CONSENT });
    page.answers.push(status);
    await pass(page, 100_000);
    assert.equal(page.requests.length, 1);
    assert.deepEqual(waiting(page.device), []);
  });

test("during a pause new events wait, then go together with the old ones", async () => {
  const page = open();
  page.answers.push([429, { "retry-after": "10" }]);
  await pass(page, 1000);
  page.run("kr('view_cart'); kr('begin_checkout')");
  await pass(page, 5000);
  assert.equal(page.requests.length, 1);
  await pass(page, 20_000);
  assert.equal(page.requests.length, 2);
  assert.deepEqual(page.requests[1].body.events.map(({ type }) => type), ["page_view", "view_cart", "begin_checkout"]);
});

test("after an answer the pauses begin small again", async () => {
  const page = open();
  page.answers.push("offline", "offline", "offline", 202, "offline");
  await pass(page, 60_000);
  page.run("kr('view_cart')");
  await pass(page, 2500);
  assert.equal(page.requests.length, 6);
});

test("what is on its way is not sent a second time when the page is left", async () => {
  const page = open();
  let arrive;
  page.answers.push(new Promise((resolve) => (arrive = resolve)));
  await pass(page, 1000);
  await hide(page);
  assert.deepEqual(page.requests.map(({ body }) => body.events.map(({ type }) => type)), [["page_view"], ["page_engaged"]]);
  arrive(503);
  await pass(page, 5000);
  assert.deepEqual(page.requests[2].body.events.map(({ type }) => type), ["page_view"]);
});

test("sendBeacon is used only where fetch fails on leave", async () => {
  const page = open();
  page.answers.push("offline", "offline");
  await pass(page, 300);
  assert.equal(page.beacons.length, 0, "not while the page lives");
  await leave(page);
  assert.equal(page.beacons.length, 1);
  assert.deepEqual(page.beacons[0].body.events.map(({ type }) => type), ["page_view", "page_engaged"]);
  assert.equal(page.beacons[0].to, "https://stats.example/k");
  await show(page);
  await pass(page, 100_000);
  assert.equal(page.beacons.length + page.requests.length, 3, "what a beacon took is not sent again");
});

test("a beacon that is refused leaves the events in the queue", async () => {
  const page = open({ tag: CONSENT, beacon: false });
  page.answers.push("offline", "offline");
  await pass(page, 300);
  await leave(page);
  assert.deepEqual(waiting(page.device).map(({ type }) => type), ["page_view", "page_engaged"]);
});

test("without fetch the beacon carries what is left, and sendBeacon may be missing too", async () => {
  const page = open({ window: { fetch: undefined } });
  await pass(page, 300);
  await leave(page);
  assert.deepEqual(page.beacons.flatMap(({ body }) => body.events.map(({ type }) => type)), ["page_view", "page_engaged"]);
  const poor = open({ window: { fetch: undefined }, navigator: { sendBeacon: undefined } });
  await pass(poor, 300);
  await leave(poor);
});

test("left in a pause: with consent the device keeps it, without it is tried once more", async () => {
  for (const [tag, requests] of [[CONSENT, 1], [{ "data-consent": "anonymous" }, 2]]) {
    const page = open({ tag });
    page.answers.push([503, { "retry-after": "60" }]);
    await pass(page, 2000);
    await leave(page);
    assert.equal(page.requests.length, requests);
    assert.equal(waiting(page.device).length, requests == 1 ? 2 : 0);
  }
});

test("with consent what was not answered survives the reload, in its order, under its ids", async () => {
  const device = browser();
  const first = open({ device, tag: CONSENT });
  first.answers.push("offline", "offline");
  first.run("kr('view_cart')");
  await pass(first, 300);
  await leave(first);
  const kept = waiting(device);
  assert.deepEqual(kept.map(({ type }) => type), ["page_view", "view_cart", "page_engaged"]);
  const second = open({ device, tag: CONSENT, url: "/two" });
  await pass(second, 1000);
  assert.equal(second.requests.length, 1);
  assert.deepEqual(second.requests[0].body.events.slice(0, 3), kept);
  assert.deepEqual(second.requests[0].body.events.map(({ sequence }) => sequence), [0, 1, 2, 3]);
  assert.deepEqual(waiting(device), []);
});

test("another shop's queue on the same origin is neither sent nor touched", async () => {
  const device = browser();
  const other = open({ device, tag: { ...CONSENT, "data-key": "pk_one2" } });
  other.answers.push("offline");
  await pass(other, 300);
  const kept = { ...device.storage };
  const mine = open({ device, tag: CONSENT });
  await pass(mine, 300);
  assert.equal(mine.requests[0].body.events.length, 1);
  for (const [name, text] of Object.entries(kept)) assert.equal(device.storage[name], text);
});

test("at most 100 events wait: the oldest go, and the numbers show the gap", async () => {
  const page = open({ tag: CONSENT });
  page.answers.push([503, { "retry-after": "5" }]);
  await pass(page, 300);
  page.run("for (let i = 0; i < 130; i++) kr('view_item', {items: [{item_id: 'i' + i}]})");
  await pass(page, 300);
  assert.equal(waiting(page.device).length, 100);
  await pass(page, 60_000);
  const events = page.requests[1].body.events;
  assert.equal(events.length, 100);
  assert.deepEqual([events[0].sequence, events.at(-1).sequence], [31, 130]);
  assert.ok(codes(page).includes(5));
});

test("a burst before the first sending is numbered before it is cut", async () => {
  const page = open();
  page.run("for (let i = 0; i < 120; i++) kr('view_cart')");
  await pass(page, 1000);
  assert.deepEqual([sent(page)[0].sequence, sent(page).at(-1).sequence], [21, 120]);
});

test("at most some 50 kB wait, and never more than a browser takes with keepalive", async () => {
  const page = open({ tag: CONSENT });
  page.run("for (let i = 0; i < 60; i++) kr('search', {search_term: 'ø'.repeat(1000)})");
  await pass(page, 1000);
  const { body, settings } = page.requests[0];
  assert.ok(Buffer.byteLength(settings.body) < 64 * 1024);
  assert.ok(body.events.length > 8 && body.events.length < 30);
  assert.equal(sent(page).at(-1).sequence, 60);
});

test("what is written in plain letters may be nearly 64 kB, and not more", async () => {
  const page = open();
  page.run("for (let i = 0; i < 100; i++) kr('search', {search_term: 'x'.repeat(1500)})");
  await pass(page, 1000);
  const bytes = Buffer.byteLength(page.requests[0].settings.body);
  assert.ok(bytes > 40_000 && bytes < 64 * 1024, `${bytes}`);
});

test("one event that is too big goes alone", async () => {
  const page = open();
  page.run("kr('search', {search_term: 'x'.repeat(70000)}); kr('view_cart')");
  await pass(page, 1000);
  assert.deepEqual(types(page), ["view_cart"], "what waited before it has gone with it, oldest first");
});

test("storage that is blocked: everything works but the reload", async () => {
  const page = open({ storageThrows: true, tag: CONSENT });
  page.answers.push("offline");
  page.run("kr('view_cart')");
  await pass(page, 5000);
  await leave(page);
  assert.deepEqual([...new Set(types(page))], ["page_view", "view_cart", "page_engaged"]);
  assert.ok(page.requests[0].body.visitor_key);
});

test("storage that is full: everything works but the reload", async () => {
  const full = new Proxy({}, { set() { throw new Error("QuotaExceededError"); } });
  const page = open({ window: { localStorage: full }, tag: CONSENT });
  page.run("kr('view_cart')");
  await pass(page, 300);
  await leave(page);
  assert.deepEqual(types(page), ["page_view", "view_cart", "page_engaged"]);
  assert.deepEqual(sent(page).map((event) => event.sequence), [0, 1, 2]);
});

test("rubbish in the storage is thrown away and hurts once at most", async () => {
  const device = browser();
  device.storage[`_kr.${KEY}.01`] = "{oops";
  device.storage[`_kr.${KEY}.`] = "not a number";
  const page = open({ device, tag: CONSENT });
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view"]);
  const second = open({ device, tag: CONSENT });
  await pass(second, 300);
  assert.deepEqual(types(second), ["page_view"]);
  assert.ok(!(`_kr.${KEY}.01` in device.storage));
});

test("cookies that throw, as in a sandboxed frame", async () => {
  const page = open({ cookiesThrow: true, tag: CONSENT });
  page.run("kr('view_cart')");
  await pass(page, 1000);
  await leave(page);
});

test("a page that gave toJSON to everything", async () => {
  const page = open({
    before: `for (const kind of [Array, String, Number, Object, Boolean]) kind.prototype.toJSON = function () { return "spoiled" }`,
  });
  page.run("kr('add_to_cart', {items: [{item_id: 'a', quantity: 2}]})");
  await pass(page, 300);
  const events = JSON.parse(page.requests[0].settings.body).events;
  assert.deepEqual(events[1].data, { items: [{ item_id: "a", quantity: 2 }] });
});

test("a page that breaks JSON after us, and one that did before", async () => {
  const page = open();
  page.run("JSON = {}; kr('view_cart')");
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "view_cart"]);
  const before = open({ before: "JSON = null" });
  before.run("kr('view_cart')");
  await pass(before, 300);
  assert.deepEqual(types(before), []);
});

test("a page whose fetch throws at once", async () => {
  const page = open({ window: { fetch: () => { throw new Error("no"); } } });
  await pass(page, 300);
  await leave(page);
  assert.deepEqual(types(page), ["page_view", "page_engaged"]);
});

test("a page without crypto, without history, or without a tag: nothing is sent, nothing is thrown", async () => {
  for (const options of [{ window: { crypto: undefined } }, { window: { history: undefined } }]) {
    const page = open(options);
    page.run("kr('view_cart')");
    await pass(page, 300);
  }
  const page = open({ unloaded: true });
  page.document.currentScript = null;
  page.load();
  page.run("kr('view_cart')");
  await pass(page, 300);
  assert.deepEqual(types(page), []);
});

test("calls that cannot be told spoil only themselves", async () => {
  const page = open();
  page.run("const loop = {}; loop.loop = loop; kr('custom', loop)");
  page.run("kr('custom', {get bad() { throw new Error('page') }})");
  page.run("kr('custom', {big: 10n})");
  page.run("kr(); kr(null); kr('view_cart', null, null)");
  page.fire("click", { target: null });
  page.fire("click", { target: element({ "data-kr-click": "x", "data-kr": "{" }) });
  page.run("kr.q.push(null); kr.q.push(5)");
  await pass(page, 300);
  assert.equal(types(page).at(-1), "view_cart");
});

test("an error of the page's own navigation stays the page's own", async () => {
  const page = open({ unloaded: true });
  page.window.history.pushState = () => { throw new Error("the page's"); };
  page.load();
  assert.throws(() => page.run("history.pushState({}, '', '/b')"), /the page's/);
});

test("parts are loaded from beside the script, with its nonce, only when asked for", async () => {
  const plain = open();
  await pass(plain, 1000);
  assert.deepEqual(plain.scripts, []);
  const src = "https://cdn.js.example/x/a.js?v=3.js";
  const page = open({ unloaded: true, url: "/?kr-debug", tag: { "data-layer": "" } });
  page.tag.src = src;
  page.load();
  assert.deepEqual(page.scripts.map(({ src, nonce }) => [src, nonce]), [
    ["https://cdn.js.example/x/a.layer.js?v=3.js", "n-1"],
    ["https://cdn.js.example/x/a.debug.js?v=3.js", "n-1"],
  ]);
  plain.run("kr('debug')");
  assert.deepEqual(plain.scripts.map(({ src }) => src), ["https://stats.example/k.debug.js"]);
});

test("the list of what happened does not grow without end", async () => {
  const page = open();
  page.run("for (let i = 0; i < 500; i++) kr('view_cart')");
  await pass(page, 300);
  assert.ok(page.window.kr.log.length <= 50);
});

test("no name but kr becomes the page's", async () => {
  const page = open({ unloaded: true });
  const before = Object.getOwnPropertyNames(page.window);
  page.load();
  await pass(page, 1000);
  assert.deepEqual(Object.getOwnPropertyNames(page.window).filter((name) => !before.includes(name)), ["kr"]);
});
