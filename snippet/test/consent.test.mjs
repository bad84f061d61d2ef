/** The level of consent: what leaves the page, what stays on the device, and what changes when the visitor decides. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KEY, SHOP, browser, hide, leave, open, pass, sent, types } from "./page.mjs";

const AD = "/vilma?utm_source=instagram&utm_medium=paid_social";
const left = (device) => ({ cookies: device.cookies, storage: device.storage });
const untouched = { cookies: {}, storage: {} };

for (const [name, tag] of [
  ["absent", {}],
  ["unknown", { "data-consent": "unknown" }],
  ["a word that is no level", { "data-consent": "granted" }],
])
  test(`level ${name}: no level is sent, nothing is stored`, async () => {
    const page = open({ tag });
    page.run("kr('view_cart')");
    await pass(page, 300);
    assert.deepEqual(types(page), ["page_view", "view_cart"]);
    assert.ok(!("consent" in page.requests[0].body) && !("visitor_key" in page.requests[0].body));
    assert.deepEqual(left(page.device), untouched);
    assert.deepEqual(page.device.written, []);
  });

test("none: a bare page view, for the count, and nothing else", async () => {
  const page = open({ url: AD, tag: { "data-consent": "none" } });
  page.run("kr('view_cart')");
  await pass(page, 3000);
  await leave(page);
  assert.equal(page.requests.length, 1);
  const { events, ...envelope } = page.requests[0].body;
  assert.deepEqual(Object.keys(envelope).sort(), ["consent", "key", "sent_at"]);
  assert.equal(envelope.consent, "none");
  assert.deepEqual(events.map((event) => Object.keys(event).sort()), [["event_id", "type"]]);
  assert.equal(events[0].type, "page_view");
  assert.deepEqual(left(page.device), untouched);
});

test("anonymous: events without a visitor, nothing on the device", async () => {
  const page = open({ tag: { "data-consent": "anonymous" } });
  page.answers.push("offline");
  await pass(page, 300);
  await hide(page);
  assert.equal(page.requests[0].body.consent, "anonymous");
  assert.ok(!("visitor_key" in page.requests[0].body));
  assert.deepEqual(left(page.device), untouched);
});

for (const level of ["statistics", "marketing"])
  test(`${level}: a visitor key in a first-party cookie for 393 days, never renewed`, async () => {
    const device = browser();
    const first = open({ device, tag: { "data-consent": level } });
    await pass(first, 1000);
    assert.equal(device.written.length, 1);
    assert.match(device.written[0], /^_kr=[0-9]{15,40};path=\/;max-age=34000000;samesite=lax;secure$/);
    assert.equal(first.requests[0].body.consent, level);
    assert.equal(first.requests[0].body.visitor_key, device.cookies._kr);
    const second = open({ device, tag: { "data-consent": level }, url: "/two" });
    await pass(second, 1000);
    assert.equal(device.written.length, 1, "set once, not rolled");
    assert.equal(second.requests[0].body.visitor_key, device.cookies._kr);
  });

test("on a page without https the cookie is not marked secure", () => {
  const page = open({ url: "http://localhost:8000/", tag: { "data-consent": "statistics" } });
  assert.match(page.device.written[0], /samesite=lax$/);
});

test("a cookie of another name is not taken for ours", async () => {
  const device = browser();
  device.cookies.not_kr = "999";
  const page = open({ device, tag: { "data-consent": "statistics" } });
  await pass(page, 300);
  assert.notEqual(page.requests[0].body.visitor_key, "999");
});

test("the browser's privacy signal takes marketing down to statistics, and leaves the rest", async () => {
  const navigator = { globalPrivacyControl: true };
  for (const [asked, got] of [["marketing", "statistics"], ["statistics", "statistics"], ["anonymous", "anonymous"]]) {
    const page = open({ navigator, tag: { "data-consent": asked } });
    await pass(page, 300);
    assert.equal(page.requests[0].body.consent, got);
  }
  const page = open({ navigator });
  page.run("kr('consent', 'marketing')");
  await pass(page, 300);
  assert.equal(page.requests[0].body.consent, "statistics");
});

test("granted before anything went out: everything goes under the new level, no update", async () => {
  const page = open({ url: AD, before: "window.kr=function(){(kr.q=kr.q||[]).push(arguments)}; kr('consent', 'statistics')" });
  await pass(page, 1000);
  assert.deepEqual(types(page), ["page_view"]);
  assert.equal(sent(page)[0].consent, "statistics");
  assert.equal(sent(page)[0].visitor_key, page.device.cookies._kr);
});

test("granted in the middle of a visit: the landing's campaign and referrer are told again under the new level", async () => {
  const page = open({ url: AD, referrer: "https://l.instagram.com/", tag: { "data-consent": "anonymous" } });
  await pass(page, 1000);
  page.run("history.pushState({}, '', '/guide')");
  await pass(page, 1000);
  const before = sent(page);
  assert.ok(before.every((event) => event.consent == "anonymous" && !event.visitor_key));
  page.run("kr('consent', 'statistics')");
  await pass(page, 1000);
  const [update] = sent(page).slice(before.length);
  assert.equal(update.type, "consent_update");
  assert.equal(update.consent, "statistics");
  assert.equal(update.visitor_key, page.device.cookies._kr);
  assert.deepEqual(update.data, { level: "statistics", previous_level: "anonymous" });
  assert.equal(update.page.url, SHOP + AD);
  assert.equal(update.page.referrer, "https://l.instagram.com/");
});

test("from statistics to marketing and back the visitor stays", async () => {
  const page = open({ tag: { "data-consent": "statistics" } });
  await pass(page, 1000);
  const key = page.device.cookies._kr;
  for (const level of ["marketing", "statistics"]) {
    page.run(`kr('consent', '${level}')`);
    await pass(page, 1000);
    assert.equal(sent(page).at(-1).visitor_key, key);
    assert.equal(sent(page).at(-1).consent, level);
  }
  assert.equal(page.device.written.length, 1);
  assert.deepEqual(sent(page).map((event) => event.sequence), [0, 1, 2]);
});

test("the same level again is no news", async () => {
  const page = open({ tag: { "data-consent": "statistics" } });
  await pass(page, 1000);
  page.run("kr('consent', 'statistics')");
  await pass(page, 1000);
  assert.deepEqual(types(page), ["page_view"]);
});

test("withdrawn: cookie, queue and counter go at once, and what waited is never sent", async () => {
  const device = browser();
  device.storage["other"] = "theirs";
  device.storage["_kr.pk_two."] = "7";
  const page = open({ url: AD, device, tag: { "data-consent": "statistics" } });
  await pass(page, 1000);
  page.answers.push("offline");
  page.run("kr('view_cart')");
  await pass(page, 300);
  page.run("kr('add_to_wishlist', {})");
  page.run("kr('consent', 'anonymous')");
  assert.deepEqual(device.cookies, {});
  assert.deepEqual(device.storage, { other: "theirs", "_kr.pk_two.": "7" }, "what is not ours stays");
  await pass(page, 100_000);
  page.run("kr('view_item', {items: [{item_id: 'a'}]})");
  await pass(page, 1000);
  const after = page.requests.slice(2).flatMap(({ body }) => body.events.map((event) => [event.type, body.consent, body.visitor_key]));
  assert.deepEqual(after, [["consent_update", "anonymous", undefined], ["view_item", "anonymous", undefined]]);
  assert.deepEqual(page.requests.slice(2).flatMap(({ body }) => body.events.map(({ sequence }) => sequence)), [0, 1], "the visitor's numbers too are gone");
  assert.equal(sent(page).find((event) => event.type == "consent_update").page.url, SHOP + AD);
  assert.equal(sent(page).find((event) => event.type == "consent_update").page.referrer, undefined, "no arrival is told for this");
  assert.deepEqual(device.storage, { other: "theirs", "_kr.pk_two.": "7" });
});

test("withdrawn to none: nothing more goes out but page views without content", async () => {
  const page = open({ tag: { "data-consent": "marketing" } });
  await pass(page, 1000);
  page.run("kr('consent', 'none'); kr('view_cart')");
  await pass(page, 1000);
  page.run("history.pushState({}, '', '/b')");
  await pass(page, 1000);
  assert.deepEqual(page.requests.slice(1).map(({ body }) => [body.consent, body.events.map(({ event_id, ...rest }) => rest)]), [
    ["none", [{ type: "page_view" }]],
  ]);
});

test("withdrawn to none while events of anonymous wait: they are counted without content", async () => {
  const page = open({ url: AD, tag: { "data-consent": "anonymous" } });
  page.run("kr('consent', 'none')");
  await pass(page, 1000);
  assert.deepEqual(page.requests.map(({ body }) => [body.consent, body.events.map(({ event_id, ...rest }) => rest)]), [
    ["none", [{ type: "page_view" }]],
  ]);
});

test("withdrawn on another page: this one goes on without the visitor, and does not write the queue again", async () => {
  const device = browser();
  const tag = { "data-consent": "statistics" };
  const one = open({ device, tag });
  const two = open({ device, tag });
  await pass(one, 1000);
  await pass(two, 1000);
  one.run("kr('consent', 'none')");
  two.run("kr('view_cart')");
  await pass(two, 1000);
  assert.equal(two.requests.at(-1).body.consent, "anonymous");
  assert.ok(!("visitor_key" in two.requests.at(-1).body));
  assert.deepEqual(left(device), untouched);
});

test("a page that says none or anonymous removes what an earlier page left", async () => {
  for (const level of ["none", "anonymous"]) {
    const device = browser();
    const first = open({ device, tag: { "data-consent": "statistics" } });
    first.answers.push("offline");
    await pass(first, 300);
    assert.notDeepEqual(left(device), untouched);
    open({ device, tag: { "data-consent": level } });
    assert.deepEqual(left(device), untouched);
  }
});

test("a page that does not know the level leaves an earlier grant alone, and does not use it", async () => {
  const device = browser();
  const first = open({ device, tag: { "data-consent": "statistics" } });
  await pass(first, 300);
  const key = device.cookies._kr;
  const second = open({ device });
  await pass(second, 300);
  assert.ok(!("visitor_key" in second.requests[0].body));
  second.run("kr('consent', 'statistics')");
  await pass(second, 300);
  assert.equal(second.requests[1].body.visitor_key, key);
});

test("granted again: the visitor's own numbers go on, no number is given twice", async () => {
  const device = browser();
  const first = open({ device, tag: { "data-consent": "statistics" } });
  first.run("kr('view_cart'); kr('view_cart')");
  await pass(first, 300);
  const second = open({ device });
  second.run("kr('view_cart')"); // numbered by the page itself so far
  second.run("kr('consent', 'statistics')");
  await pass(second, 300);
  assert.deepEqual(sent(second).map((event) => [event.type, event.sequence]), [["page_view", 3], ["view_cart", 4]]);
});

test("a browser that refuses the cookie is an anonymous one", async () => {
  const page = open({ cookiesRefused: true, tag: { "data-consent": "statistics" } });
  await pass(page, 300);
  assert.equal(page.requests[0].body.consent, "anonymous");
  assert.deepEqual(left(page.device), untouched);
});

test("wait: nothing goes out before the decision", async () => {
  const page = open({ tag: { "data-consent": "wait" } });
  await pass(page, 2000);
  assert.equal(page.requests.length, 0);
  page.run("kr('consent', 'marketing')");
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view"]);
  assert.equal(sent(page)[0].consent, "marketing");
  assert.deepEqual(page.scripts, []);
});

test("wait: without a decision the level is unknown after five seconds, or when the page is left", async () => {
  const patient = open({ tag: { "data-consent": "wait" } });
  await pass(patient, 4900);
  assert.equal(patient.requests.length, 0);
  await pass(patient, 200);
  assert.deepEqual(types(patient), ["page_view"]);
  const hasty = open({ tag: { "data-consent": "wait" } });
  await pass(hasty, 1000);
  await leave(hasty);
  assert.deepEqual(types(hasty), ["page_view", "page_engaged"]);
  assert.ok(!("consent" in hasty.requests[0].body));
});

test("the names on the device carry the site key", async () => {
  const page = open({ tag: { "data-consent": "statistics" } });
  await pass(page, 300);
  assert.ok(Object.keys(page.device.storage).every((name) => name.startsWith(`_kr.${KEY}.`)));
});
