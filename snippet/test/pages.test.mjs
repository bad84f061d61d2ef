/** What is told, and when: page views, engagement, calls, attributes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { KEY, SHOP, browser, codes, element, hide, leave, open, pass, sent, show, types } from "./page.mjs";

const STUB = "window.kr=window.kr||function(){(kr.q=kr.q||[]).push(arguments)};";

test("a page view tells address, title, referrer and kind", async () => {
  const page = open({ url: "/kjoler/vilma?utm_source=instagram", referrer: "https://l.instagram.com/", tag: { "data-kind": "product" } });
  await pass(page, 300);
  assert.equal(page.requests.length, 1);
  const { to, body, settings } = page.requests[0];
  assert.equal(to, "https://stats.example/k");
  assert.equal(body.key, KEY);
  assert.equal(body.sent_at, page.requests[0].at);
  const { event_id, ...event } = body.events[0];
  assert.match(event_id, /^[0-9]{15,64}$/);
  assert.deepEqual(event, {
    type: "page_view",
    occurred_at: page.device.now - 300,
    page: { url: SHOP + "/kjoler/vilma?utm_source=instagram", kind: "product", title: "A title", referrer: "https://l.instagram.com/" },
    data: {},
    sequence: 0,
  });
  assert.equal(settings.method, "POST");
  assert.equal(settings.keepalive, true);
  assert.equal(settings.credentials, "omit");
  assert.equal(settings.headers, undefined, "a content type of our own would cause a preflight");
  assert.equal(typeof settings.body, "string");
});

test("data-to overrides where events go", async () => {
  const page = open({ tag: { "data-to": "https://shop.example/x" } });
  await pass(page, 300);
  assert.equal(page.requests[0].to, "https://shop.example/x");
});

test("calls made before the snippet came are kept, after the page view", async () => {
  const page = open({ before: STUB + "kr('view_item', {items: [{item_id: 'a'}]}); kr('view_cart')" });
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "view_item", "view_cart"]);
  assert.deepEqual(sent(page).map((event) => event.sequence), [0, 1, 2]);
  assert.equal(page.requests.length, 1, "what happens together is sent together");
});

test("a copy of the stub taken early still reaches the snippet", async () => {
  const page = open({ before: STUB + "window.early = kr" });
  page.run("early('view_cart')");
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "view_cart"]);
});

test("a call may give fields of the event, and its page kind", async () => {
  const page = open();
  page.run("kr('identify', {}, {customer_key: 'c-7', page: {kind: 'account'}})");
  await pass(page, 300);
  const event = sent(page)[1];
  assert.equal(event.customer_key, "c-7");
  assert.deepEqual(event.page, { url: SHOP + "/", kind: "account" });
});

test("included twice it counts once, and says so", async () => {
  const page = open();
  page.load();
  page.run("kr('view_cart')");
  await pass(page, 300);
  await leave(page);
  assert.deepEqual(types(page), ["page_view", "page_twice", "view_cart", "page_engaged"]);
});

test("navigation within the page: each new address once, the last address is the referrer", async () => {
  const page = open({ url: "/a", referrer: "https://search.example/" });
  await pass(page, 2000);
  page.run("history.pushState({}, '', '/b')");
  await pass(page, 50); // frameworks set the title after the address
  page.document.title = "B";
  await pass(page, 2000);
  page.run("history.pushState({}, '', '/b')"); // the same again
  page.run("history.replaceState({}, '', '/b?sort=price')"); // a filter
  page.run("history.pushState({}, '', '/b?sort=price#reviews')"); // an anchor
  await pass(page, 2000);
  page.run("history.replaceState({}, '', '/c')");
  await pass(page, 2000);
  page.url.href = SHOP + "/a";
  page.fire("popstate");
  await pass(page, 2000);
  const views = sent(page).filter((event) => event.type == "page_view").map(({ page }) => [page.url, page.referrer, page.title]);
  assert.deepEqual(views, [
    [SHOP + "/a", "https://search.example/", "A title"],
    [SHOP + "/b", SHOP + "/a", "B"],
    [SHOP + "/c", SHOP + "/b?sort=price", "B"],
    [SHOP + "/a", SHOP + "/c", "B"],
  ]);
  const engaged = sent(page).filter((event) => event.type == "page_engaged").map(({ page }) => page.url);
  assert.deepEqual(engaged, [SHOP + "/a", SHOP + "/b?sort=price", SHOP + "/c"], "the page that was left, not the one that came");
});

test("an address behind # counts when it is a route", async () => {
  const page = open({ url: "/#/cart" });
  await pass(page, 1000);
  page.run("history.pushState({}, '', '/#/checkout')");
  await pass(page, 1000);
  page.run("history.pushState({}, '', '/#top')");
  await pass(page, 1000);
  assert.deepEqual(
    sent(page).filter((event) => event.type == "page_view").map(({ page }) => page.url),
    [SHOP + "/#/cart", SHOP + "/#/checkout", SHOP + "/"]
  );
});

test("a router's redirect is one page view", async () => {
  const page = open({ url: "/a" });
  await pass(page, 1000);
  page.run("history.pushState({}, '', '/login'); history.replaceState({}, '', '/account')");
  await pass(page, 1000);
  assert.deepEqual(types(page), ["page_view", "page_engaged", "page_view"]);
  assert.equal(sent(page)[2].page.url, SHOP + "/account");
});

test("an event that follows a navigation at once comes after its page view", async () => {
  const page = open({ url: "/a" });
  await pass(page, 1000);
  page.run("history.pushState({}, '', '/b'); kr('view_item', {items: [{item_id: 'b'}]})");
  await pass(page, 1000);
  assert.deepEqual(types(page), ["page_view", "page_engaged", "page_view", "view_item"]);
  assert.equal(sent(page)[3].page.url, SHOP + "/b");
});

test("the seconds in sight add up over hiding and showing", async () => {
  const page = open();
  await pass(page, 10_000);
  await hide(page);
  await pass(page, 60_000);
  await show(page);
  await pass(page, 5000);
  page.window.scrollY = 1000;
  page.fire("scroll");
  page.window.scrollY = 0;
  await leave(page);
  const told = sent(page).filter((event) => event.type == "page_engaged").map((event) => event.data);
  assert.deepEqual(told, [
    { visible_seconds: 10, scroll_share: 0.25 },
    { visible_seconds: 5, scroll_share: 0.5 },
  ]);
});

test("leaving is told at once and only once", async () => {
  const page = open();
  await pass(page, 3000);
  assert.equal(page.requests.length, 1);
  await leave(page);
  assert.equal(page.requests.length, 2);
  assert.deepEqual(types(page), ["page_view", "page_engaged"]);
});

test("a page left before its first sending tells both in one body", async () => {
  const page = open();
  page.device.now += 400; // no timer has come yet: the page was busy
  await leave(page);
  assert.equal(page.requests.length, 1);
  assert.deepEqual(types(page), ["page_view", "page_engaged"]);
});

test("back from the browser's page cache is a page view again, from the shop itself", async () => {
  const page = open({ url: "/a", referrer: "https://search.example/" });
  await pass(page, 3000);
  await leave(page);
  page.document.hidden = false;
  page.fire("visibilitychange");
  page.fire("pageshow", { persisted: true });
  await pass(page, 3000);
  assert.deepEqual(types(page), ["page_view", "page_engaged", "page_view"]);
  assert.equal(sent(page)[2].page.referrer, SHOP + "/a");
  page.fire("pageshow", { persisted: false });
  await pass(page, 1000);
  assert.equal(sent(page).length, 3);
});

test("a page that begins scrolled down was seen that deep", async () => {
  const page = open();
  await pass(page, 1000);
  page.window.scrollY = 2000;
  page.run("history.pushState({}, '', '/b')");
  await pass(page, 1000);
  await leave(page);
  assert.equal(sent(page).at(-1).data.scroll_share, 0.75);
});

test("a page loaded in advance or in a tab behind counts when it is first in sight", async () => {
  const page = open({ hidden: true });
  await pass(page, 60_000);
  page.fire("pagehide");
  await pass(page, 1000);
  assert.deepEqual(types(page), []);
  await show(page);
  await pass(page, 1000);
  await leave(page);
  assert.deepEqual(types(page), ["page_view", "page_engaged"]);
  assert.equal(sent(page)[1].data.visible_seconds, 1);
});

test("a page still being read waits for its elements, and is told when it is left before", async () => {
  const page = open({ readyState: "loading" });
  page.elements.push(element({ "data-kr-view": "view_cart" }));
  await pass(page, 1000);
  assert.deepEqual(types(page), []);
  page.document.readyState = "interactive";
  page.fire("DOMContentLoaded");
  await pass(page, 1000);
  assert.deepEqual(types(page), ["page_view", "view_cart"]);

  const left = open({ readyState: "loading" });
  await pass(left, 1000);
  await leave(left);
  assert.deepEqual(types(left), ["page_view", "page_engaged"]);
});

test("attributes: seen, clicked, submitted", async () => {
  const page = open();
  const button = element({ "data-kr-click": "add_to_cart", "data-kr": '{"items":[{"item_id":"a","quantity":1}]}' });
  page.fire("click", { target: element({}, button) });
  page.fire("click", { target: element({}) });
  assert.ok(!codes(page).includes(0), "a click on something else is no error");
  page.fire("click", { target: {} }); // a document, which has no closest
  page.fire("submit", { target: element({ "data-kr-submit": "search", "data-kr": '{"search_term":"kjole"}' }) });
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "add_to_cart", "search"]);
  assert.deepEqual(sent(page)[1].data, { items: [{ item_id: "a", quantity: 1 }] });
});

test("what is seen is told at each page view, and data-kr that is no JSON spoils only itself", async () => {
  const page = open({ unloaded: true });
  page.elements.push(
    element({ "data-kr-view": "view_promotion", "data-kr": "{oops" }),
    element({ "data-kr-view": "view_item_list", "data-kr": '{"item_list_id":"kjoler"}' })
  );
  page.load();
  await pass(page, 1000);
  assert.deepEqual(types(page), ["page_view", "view_item_list"]);
  assert.ok(codes(page).includes(0));
  page.elements.splice(0, 2, element({ "data-kr-view": "view_cart" }));
  page.run("history.pushState({}, '', '/cart')");
  await pass(page, 1000);
  assert.deepEqual(types(page).slice(2), ["page_engaged", "page_view", "view_cart"]);
});

test("the kind of an element holds for its page, the tag's kind for the landing only", async () => {
  const page = open({ tag: { "data-kind": "home" } });
  await pass(page, 300);
  page.run("history.pushState({}, '', '/x')");
  await pass(page, 300);
  page.elements.push(element({ "data-kr-kind": "faq" }));
  page.run("history.pushState({}, '', '/y')");
  await pass(page, 300);
  assert.deepEqual(
    sent(page).filter((event) => event.type == "page_view").map((event) => event.page.kind ?? null),
    ["home", null, "faq"]
  );
});

test("what the page does to its object later is not told", async () => {
  const page = open();
  page.run("const data = {items: [{item_id: 'a'}]}; kr('add_to_cart', data); data.items[0].item_id = 'b'");
  await pass(page, 300);
  assert.equal(sent(page)[1].data.items[0].item_id, "a");
});

test("the numbering goes on from page to page", async () => {
  const device = browser();
  const tag = { "data-consent": "statistics" };
  const first = open({ device, tag });
  first.run("kr('view_cart')");
  await pass(first, 1000);
  await leave(first);
  const second = open({ device, tag, url: "/two" });
  await pass(second, 1000);
  assert.deepEqual(sent(first).map((event) => event.sequence), [0, 1, 2]);
  assert.equal(sent(second).at(-1).sequence, 3);
});

test("two pages side by side number one after the other", async () => {
  const device = browser();
  const tag = { "data-consent": "statistics" };
  const one = open({ device, tag });
  const two = open({ device, tag });
  one.run("kr('view_cart')");
  two.run("kr('view_cart')");
  one.run("kr('view_cart')");
  await pass(one, 300);
  await pass(two, 300);
  const events = new Map([...sent(one), ...sent(two)].map((event) => [event.event_id, event.sequence]));
  assert.deepEqual([...events.values()].sort(), [0, 1, 2, 3, 4]);
});
