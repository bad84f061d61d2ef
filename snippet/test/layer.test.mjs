/** The reader of the shop's dataLayer, loaded after the snippet as a browser would. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FILES, element, open, pass, sent, types } from "./page.mjs";

const GTAG = "window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments) };";

const withLayer = async (before = "", tag = { "data-layer": "" }, after = 300) => {
  const page = open({ before: GTAG + before, tag });
  await pass(page, after);
  assert.deepEqual(page.scripts.map(({ src }) => src), ["https://stats.example/k.layer.js"]);
  page.load(FILES.layer);
  await pass(page, 0);
  return page;
};

test("without data-layer the page's dataLayer is not looked at", async () => {
  const page = open({ before: GTAG });
  await pass(page, 1000);
  assert.deepEqual(page.scripts, []);
});

test("GTM's e-commerce objects, pushed before and after", async () => {
  const page = await withLayer("dataLayer.push({event: 'view_item', ecommerce: {currency: 'DKK', value: 499, items: [{item_id: 'a', price: 499}]}})");
  page.run("dataLayer.push({ecommerce: null}); dataLayer.push({event: 'add_to_cart', ecommerce: {items: [{item_id: 'a'}]}})");
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "view_item", "add_to_cart"]);
  assert.deepEqual(sent(page)[1].data, { items: [{ item_id: "a", price: 499 }], value: 499, currency: "DKK" });
});

test("gtag's arguments, pushed before and after", async () => {
  const page = await withLayer("gtag('js', new Date()); gtag('config', 'G-1'); gtag('event', 'begin_checkout', {value: 10, currency: 'DKK'})");
  page.run("gtag('event', 'purchase', {transaction_id: '10042', value: 10, items: []})");
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "begin_checkout", "purchase"]);
  assert.equal(sent(page)[2].data.transaction_id, "10042");
});

test("only names of the catalogue, only fields that we know, never what the snippet tells itself", async () => {
  const page = await withLayer();
  page.run(`
    dataLayer.push({event: 'gtm.js', 'gtm.start': 1}, {event: 'page_view'}, {event: 'generate_lead', value: 1}, {pageType: 'x'}, 'text', null, 7);
    dataLayer.push({event: 'login', method: 'password', email: 'freja@example.com', user_data: {phone: '1'}});
    gtag('event', 'order_paid', {transaction_id: '1'}); gtag('set', {user_id: '7'}); gtag('event', 'consent_update', {});
  `);
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "login"]);
  assert.deepEqual(sent(page)[1].data, { method: "password" });
});

test("GA4's view_search_results is a search", async () => {
  const page = await withLayer("gtag('event', 'view_search_results', {search_term: 'kjole'})");
  await pass(page, 300);
  assert.deepEqual(sent(page).slice(1).map(({ type, data }) => [type, data]), [["search", { search_term: "kjole" }]]);
});

test("told by the page and by its dataLayer it counts once, whoever was first", async () => {
  const page = await withLayer(
    `window.kr = function () { (kr.q = kr.q || []).push(arguments) };
     kr('view_item', {items: [{item_id: 'a'}]}); dataLayer.push({event: 'view_item', ecommerce: {items: [{item_id: 'a'}]}})`,
    { "data-layer": "" },
    4000
  );
  page.run("dataLayer.push({event: 'add_to_cart', ecommerce: {items: [{item_id: 'a'}]}})");
  page.fire("click", { target: element({ "data-kr-click": "add_to_cart", "data-kr": '{"items":[{"item_id":"a"}]}' }) });
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "view_item", "add_to_cart"]);
});

test("told by GTM and by gtag it counts once; an order by its number", async () => {
  const page = await withLayer();
  page.run(`dataLayer.push({event: 'purchase', ecommerce: {transaction_id: '10042', items: [{item_id: 'a'}]}});
            gtag('event', 'purchase', {transaction_id: '10042'})`);
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "purchase"]);
});

test("one source that tells twice means two; another product or another time is another event", async () => {
  const page = await withLayer();
  const click = () => page.fire("click", { target: element({ "data-kr-click": "add_to_cart", "data-kr": '{"items":[{"item_id":"a"}]}' }) });
  click();
  click();
  page.run("dataLayer.push({event: 'add_to_cart', ecommerce: {items: [{item_id: 'b'}]}})");
  await pass(page, 2100);
  page.run("dataLayer.push({event: 'add_to_cart', ecommerce: {items: [{item_id: 'a'}]}})");
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "add_to_cart", "add_to_cart", "add_to_cart", "add_to_cart"]);
});

test("the page's own push keeps its answer, its arguments and its errors", async () => {
  const page = await withLayer();
  assert.equal(page.run("dataLayer.push({event: 'x'}, {event: 'y'})"), 2);
  assert.equal(page.run("dataLayer.length"), 2);
  page.run("dataLayer.push({get event() { throw new Error('hostile') }})");
  page.run("gtag('event', 'share', {method: 'mail'})");
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "share"]);
});

test("data-layer names another array; one that does not exist yet is made", async () => {
  const page = open({ tag: { "data-layer": "shopLayer" } });
  await pass(page, 300);
  page.load(FILES.layer);
  page.run("window.shopLayer.push({event: 'view_cart', ecommerce: {items: []}})");
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "view_cart"]);
});

const GOOGLE = { "data-consent": "google" };
const level = (page) => sent(page)[0]?.consent;

test("Google's consent mode: granted before, the first body has the level", async () => {
  for (const [said, got] of [
    ["{analytics_storage: 'granted', ad_storage: 'granted'}", "marketing"],
    ["{analytics_storage: 'granted', ad_storage: 'denied'}", "statistics"],
    ["{analytics_storage: 'denied', ad_storage: 'granted'}", "anonymous"],
  ]) {
    const page = await withLayer(`gtag('consent', 'default', {analytics_storage: 'denied', ad_storage: 'denied'}); gtag('consent', 'update', ${said})`, GOOGLE);
    await pass(page, 300);
    assert.equal(level(page), got);
    assert.deepEqual(types(page), ["page_view"]);
  }
});

test("Google's consent mode without an update: the default holds, the strictest of several regions", async () => {
  const page = await withLayer(
    "gtag('consent', 'default', {analytics_storage: 'denied', region: ['DK']}); gtag('consent', 'default', {analytics_storage: 'granted'})",
    GOOGLE
  );
  await pass(page, 300);
  assert.equal(level(page), "anonymous");
});

test("Google's consent mode: the time that the platform asks for is given, up to two seconds", async () => {
  const page = await withLayer("gtag('consent', 'default', {analytics_storage: 'denied', wait_for_update: 500})", GOOGLE);
  await pass(page, 400);
  assert.equal(page.requests.length, 0);
  page.run("gtag('consent', 'update', {analytics_storage: 'granted'})");
  await pass(page, 300);
  assert.equal(level(page), "statistics");
  assert.deepEqual(types(page), ["page_view"]);
  const silent = await withLayer("gtag('consent', 'default', {analytics_storage: 'denied', wait_for_update: 60000})", GOOGLE);
  await pass(silent, 2400);
  assert.equal(level(silent), "anonymous");
});

test("Google's consent mode that never speaks: the level is unknown, nothing is stored", async () => {
  const page = await withLayer("", GOOGLE);
  await pass(page, 900);
  assert.equal(level(page), undefined);
  assert.deepEqual(types(page), ["page_view"]);
  assert.deepEqual(page.device.storage, {});
});

test("Google's consent mode: granted and withdrawn in the middle of a visit", async () => {
  const page = await withLayer("gtag('consent', 'default', {analytics_storage: 'denied', ad_storage: 'denied'})", GOOGLE);
  await pass(page, 1000);
  page.run("gtag('consent', 'update', {analytics_storage: 'granted', ad_storage: 'granted'})");
  await pass(page, 1000);
  page.run("gtag('consent', 'update', {analytics_storage: 'denied', ad_storage: 'denied'})");
  await pass(page, 1000);
  assert.deepEqual(
    sent(page).map((event) => [event.type, event.consent]),
    [["page_view", "anonymous"], ["consent_update", "marketing"], ["consent_update", "anonymous"]]
  );
  assert.deepEqual(page.device.cookies, {});
});

test("Google's consent mode alone does not read the shop's events", async () => {
  const page = await withLayer("gtag('consent', 'update', {analytics_storage: 'granted'})", GOOGLE);
  page.run("gtag('event', 'share', {method: 'mail'})");
  await pass(page, 1000);
  assert.deepEqual(types(page), ["page_view"]);
});
