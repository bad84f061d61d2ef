/**
 * A page for the built snippet to live in: window, document, storage, network, clock; all by hand, nothing of it real.
 * The file under test is the committed one in tracker/static/snippet/, run by node:vm as a browser would run it.
 *
 * Every body that was sent is also appended, one JSON a line, to the file that KR_BODIES names: the Python tests give them to
 * the door's own reader.
 */
import { appendFileSync, readFileSync } from "node:fs";
import vm from "node:vm";

const BUILT = new URL("../../tracker/static/snippet/", import.meta.url);
const code = (name) => new vm.Script(readFileSync(new URL(name, BUILT), "utf8"), { filename: name });
export const FILES = { k: code("k.js"), layer: code("k.layer.js"), debug: code("k.debug.js"), survey: code("k.survey.js") };

export const KEY = "pk_one";
export const SHOP = "https://shop.example";
const START = Date.UTC(2026, 5, 1, 10);

/** What outlives a page: cookies and localStorage of one browser. */
export const browser = () => ({ cookies: {}, written: [], storage: {}, now: START });

/** An element with attributes, found by the selectors that the snippet uses. */
export const element = (attributes, parent) => ({
  attributes,
  parent,
  getAttribute: (name) => attributes[name] ?? null,
  closest(selector) {
    return selector.slice(1, -1) in attributes ? this : parent ? parent.closest(selector) : null;
  },
  get dataset() {
    return dataset(attributes);
  },
});

const dataset = (attributes) =>
  Object.fromEntries(
    Object.entries(attributes)
      .filter(([name]) => name.startsWith("data-"))
      .map(([name, value]) => [name.slice(5).replace(/-(.)/g, (_, letter) => letter.toUpperCase()), value])
  );

const cookieJar = (page, device) => ({
  get: () => {
    if (page.cookiesThrow) throw new Error("cookies are blocked");
    return Object.entries(device.cookies).map(([name, value]) => `${name}=${value}`).join("; ");
  },
  set: (text) => {
    if (page.cookiesRefused) return;
    device.written.push(text);
    const [pair, ...rest] = text.split(";");
    const [name, value] = pair.split("=");
    if (rest.includes("max-age=0")) delete device.cookies[name];
    else device.cookies[name] = value;
  },
});

/**
 * Opens a page.  `tag` are the script's attributes; `page.answers` is taken from the front: a status, [status, headers], "offline", or
 * a promise of one of them; 202 when empty.
 */
export const open = (options = {}) => {
  const device = options.device || browser();
  const page = { device, requests: [], beacons: [], answers: [], scripts: [], elements: [], timers: [], listeners: {}, ...options };
  const url = new URL(options.url || "/", SHOP);
  const tag = { src: "https://stats.example/k.js", nonce: "n-1", dataset: dataset({ "data-key": KEY, ...options.tag }) };

  const document = {
    currentScript: tag,
    title: "A title",
    referrer: options.referrer || "",
    hidden: options.hidden || false,
    readyState: options.readyState || "complete",
    documentElement: { scrollHeight: 4000 },
    head: { append: (script) => page.scripts.push(script) },
    createElement: () => ({}),
    querySelector: (selector) => page.elements.find((one) => selector.slice(1, -1) in one.attributes) || null,
    querySelectorAll: (selector) => page.elements.filter((one) => selector.slice(1, -1) in one.attributes),
  };
  const jar = cookieJar(page, device);
  Object.defineProperty(document, "cookie", { get: jar.get, set: jar.set });

  const window = {
    document,
    console,
    Blob,
    URL,
    crypto: globalThis.crypto,
    innerHeight: 1000,
    scrollY: 0,
    location: { get href() { return url.href; } },
    history: {
      pushState: (_state, _title, to) => { url.href = new URL(to, url).href; },
      replaceState: (_state, _title, to) => { url.href = new URL(to, url).href; },
    },
    navigator: { sendBeacon: (to, body) => { page.beacons.push(record(page, to, body)); return page.beacon ?? true; }, ...options.navigator },
    addEventListener: (name, act) => (page.listeners[name] ||= []).push(act),
    setTimeout: (act, pause = 0) => page.timers.push({ act, at: device.now + Math.max(pause, 0) }),
    fetch: (to, settings) => answer(page, to, settings),
    ...options.window,
  };
  window.window = window;
  if (!("localStorage" in window)) window.localStorage = device.storage;
  if (options.storageThrows) Object.defineProperty(window, "localStorage", { get() { throw new Error("storage is blocked"); } });

  const context = vm.createContext(window);
  vm.runInContext("(now) => { Date.now = now }", context)(() => device.now);
  Object.assign(page, { context, document, window, tag, url });
  page.run = (text) => vm.runInContext(text, context);
  page.load = (file = FILES.k) => file.runInContext(context);
  page.fire = (name, event = {}) => { for (const act of page.listeners[name] || []) act(event); };
  if (options.before) page.run(options.before);
  if (!options.unloaded) page.load();
  return page;
};

const record = (page, to, body) => {
  const request = { to: String(to), at: page.device.now, body: JSON.parse(body) };
  if (process.env.KR_BODIES) appendFileSync(process.env.KR_BODIES, body + "\n");
  return request;
};

const answer = async (page, to, settings) => {
  page.requests.push({ ...record(page, to, settings.body), settings });
  const next = await (page.answers.length ? page.answers.shift() : 202);
  if (next === "offline") throw new TypeError("Failed to fetch");
  const [status, headers = {}] = [next].flat();
  return { status, headers: { get: (name) => headers[name] ?? null }, json: async () => headers.json };
};

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** Lets the clock run; timers go off at their time. */
export const pass = async (page, ms) => {
  const end = page.device.now + ms;
  await settle();
  for (;;) {
    const due = page.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
    if (!due) break;
    page.timers.splice(page.timers.indexOf(due), 1);
    page.device.now = Math.max(page.device.now, due.at);
    due.act();
    await settle();
  }
  page.device.now = end;
};

export const hide = async (page) => {
  page.document.hidden = true;
  page.fire("visibilitychange");
  await settle();
};

export const show = async (page) => {
  page.document.hidden = false;
  page.fire("visibilitychange");
  await settle();
};

/** As Chromium does when a page is left for another: pagehide first, then out of sight. */
export const leave = async (page) => {
  page.fire("pagehide");
  await hide(page);
  page.timers.length = 0;
};

/** All events that went out, in order, with the level and key they went out under. */
export const sent = (page) =>
  [...page.requests, ...page.beacons].flatMap(({ body: { events, consent, visitor_key } }) =>
    events.map((event) => ({ ...event, consent, visitor_key }))
  );

export const types = (page) => sent(page).map((event) => event.type);
export const codes = (page) => page.window.kr.log.map(([code]) => code);
