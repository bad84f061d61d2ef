/** A survey on the page, loaded after the snippet as a browser would; the box in a hand-made document. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FILES, KEY, browser, open, pass, sent, types } from "./page.mjs";

const DAY = 864e5;
const CONSENT = { "data-consent": "statistics" };
const ASKED = `_kr.${KEY}.asked`;
const SURVEY = { survey_id: "kvittering", type: "csat", question: "Hvor tilfreds er du?", transaction_id: "10042", item_id: "a", item_name: "A", stage: "purchase" };

/** As much of an element as the box needs.  Children are elements or texts. */
class Element {
  constructor(tag) {
    Object.assign(this, { tag, attributes: {}, children: [], parent: null });
  }
  setAttribute(name, value) {
    this.attributes[name] = String(value);
  }
  get hidden() {
    return "hidden" in this.attributes;
  }
  set hidden(value) {
    assert.equal(value, false);
    delete this.attributes.hidden;
  }
  append(...children) {
    for (const child of children) if (child instanceof Element) child.parent = this;
    this.children.push(...children);
  }
  replaceChildren(...children) {
    this.children.length = 0;
    this.append(...children);
  }
  remove() {
    this.parent?.children.splice(this.parent.children.indexOf(this), 1);
  }
  attachShadow() {
    return (this.shadow = new Element("#shadow"));
  }
  focus() {
    Element.focused = this;
  }
  value = "";
  all(tag) {
    return this.children.flatMap((child) => (child instanceof Element ? [...(child.tag == tag ? [child] : []), ...child.all(tag)] : []));
  }
  get text() {
    return this.hidden ? "" : this.children.map((child) => (child instanceof Element ? child.text : child)).join(" ");
  }
}

/** A page that can show a box; whatever part the snippet asks for is loaded at once. */
const surveyed = (options = {}) => {
  const page = open({ window: { CSSStyleSheet: class { replaceSync(css) { this.css = css; } } }, ...options });
  const { document } = page;
  document.body = new Element("body");
  document.createElement = (tag) => (tag == "script" ? {} : new Element(tag));
  document.querySelector = (selector) => document.body.children.find(({ tag }) => tag == selector) || null;
  document.documentElement.lang = options.lang ?? "da";
  page.loadParts = () => {
    for (const script of page.scripts.splice(0)) {
      document.currentScript = script;
      page.load(FILES[/k\.(\w+)\.js/.exec(script.src)[1]]);
    }
  };
  page.ask = async (survey = SURVEY) => {
    page.run(`kr("survey", ${JSON.stringify(survey)})`);
    page.loadParts();
    await pass(page, 300);
    return page.box();
  };
  page.box = () => document.body.children[0]?.shadow.children[0];
  return page;
};

const press = async (page, text) => {
  page.box().all("button").find((one) => one.text == text).onclick();
  await pass(page, 300);
};
const told = (page) => sent(page).filter(({ type }) => type.startsWith("survey")).map(({ type, data }) => [type, data]);
const why = (page) => [...page.window.kr.log].filter(([code]) => code == 0).map(([, reason]) => reason);

test("the part is loaded by the call alone, beside the snippet, with what the call said", async () => {
  const page = open();
  await pass(page, 300);
  assert.deepEqual(page.scripts, []);
  page.run(`kr("survey", {survey_id: "a"})`);
  await pass(page, 300);
  assert.deepEqual(JSON.parse(JSON.stringify(page.scripts)), [{ src: "https://stats.example/k.survey.js", nonce: "n-1", data: { survey_id: "a" } }]);
  assert.deepEqual(types(page), ["page_view"]);
});

test("a call from before the snippet came is kept", async () => {
  const page = open({ before: `window.kr = function () { (kr.q = kr.q || []).push(arguments) }; kr("survey", {survey_id: "a"})` });
  await pass(page, 300);
  assert.equal(page.scripts[0].data.survey_id, "a");
});

test("the question, a button for each score, what they mean, and a way out", async () => {
  const numbers = (low, high) => Array.from({ length: high - low + 1 }, (_, index) => String(low + index));
  for (const [type, low, high, ends] of [
    ["nps", 0, 10, "0: Slet ikke sandsynligt, 10: Meget sandsynligt"],
    ["csat", 1, 5, "1: Meget utilfreds, 5: Meget tilfreds"],
    ["ces", 1, 7, "1: Meget svært, 7: Meget let"],
  ]) {
    const page = surveyed();
    const box = await page.ask({ ...SURVEY, type });
    assert.deepEqual(box.all("button").filter((one) => one.text != "Send").map((one) => one.text), [...numbers(low, high), "Nej tak"]);
    assert.ok(box.text.startsWith(SURVEY.question));
    assert.ok(box.text.includes(ends), box.text);
    assert.equal(box.all("textarea")[0].parent.hidden, true);
  }
});

test("in the call's language, else the page's, else English", async () => {
  for (const [lang, language, no] of [
    ["sv-SE", undefined, "Nej tack"],
    ["sv", "da", "Nej tak"],
    ["fi", undefined, "No thanks"],
    ["", undefined, "No thanks"],
    ["da", "constructor", "No thanks"],
  ]) {
    const box = await surveyed({ lang }).ask({ ...SURVEY, language });
    assert.equal(box.all("button").at(-1).text, no);
  }
});

test("shown, answered and explained is told, as one answer", async () => {
  const page = surveyed();
  await page.ask({ ...SURVEY, language: "da" });
  assert.deepEqual(told(page), [["survey_shown", SURVEY]]);
  await press(page, "4");
  assert.equal(Element.focused.tag, "textarea");
  assert.equal(Element.focused.parent.hidden, false);
  Element.focused.value = " Nemt at finde rundt ";
  await press(page, "Send");
  const [, [, first], [, second]] = told(page);
  assert.match(first.answer_id, /^\d{10,20}$/);
  assert.deepEqual(first, { ...SURVEY, score: 4, answer_id: first.answer_id });
  assert.deepEqual(second, { ...first, answer: " Nemt at finde rundt " });
  assert.equal(page.box().text, "Tak for dit svar");
  await pass(page, 3000);
  assert.equal(page.box(), undefined);
});

test("a score is corrected under the same answer_id; words that were not written are not told", async () => {
  const page = surveyed();
  await page.ask();
  await press(page, "4");
  await press(page, "2");
  const pressed = page.box().all("button").filter((one) => one.attributes["aria-pressed"] == "true");
  assert.deepEqual(pressed.map((one) => one.text), ["2"]);
  page.box().all("textarea")[0].value = "  \n";
  await press(page, "Send");
  const answers = told(page).slice(1);
  assert.deepEqual(answers.map(([type, { score }]) => [type, score]), [["survey_submitted", 4], ["survey_submitted", 2]]);
  assert.equal(new Set(answers.map(([, { answer_id }]) => answer_id)).size, 1);
});

test("no thanks, and Escape, close it and tell nothing; the page does not hear what is typed in it", async () => {
  const page = surveyed();
  await page.ask();
  await press(page, "Nej tak");
  assert.equal(page.box(), undefined);
  await page.ask({ ...SURVEY, survey_id: "other" });
  let heard = 2;
  const type = (key) => page.document.body.children[0].onkeydown({ key, stopPropagation: () => heard-- });
  type("a");
  assert.ok(page.box());
  type("Escape");
  assert.equal(page.box(), undefined);
  assert.equal(heard, 0);
  assert.deepEqual(told(page).map(([type]) => type), ["survey_shown", "survey_shown"]);
});

test("with consent a browser is asked once in 90 days, whatever it answered; another survey is another one", async () => {
  const device = browser();
  assert.ok(await surveyed({ device, tag: CONSENT }).ask());
  assert.deepEqual(JSON.parse(device.storage[ASKED]), { kvittering: device.now - 300 });
  device.now += 89 * DAY;
  const again = surveyed({ device, tag: CONSENT });
  assert.equal(await again.ask(), undefined);
  assert.deepEqual(why(again), ["it was shown before"]);
  assert.deepEqual(told(again), []);
  assert.ok(await again.ask({ ...SURVEY, survey_id: "other" }));
  assert.ok(await surveyed({ device, tag: { ...CONSENT, "data-key": "pk_two" } }).ask());
  device.now += DAY + 1000;
  assert.ok(await surveyed({ device, tag: CONSENT }).ask());
  assert.deepEqual(Object.keys(JSON.parse(device.storage[ASKED])), ["other", "kvittering"]);
});

test("without consent it is asked once a page, and nothing is on the device", async () => {
  for (const tag of [{}, { "data-consent": "anonymous" }, { "data-consent": "unknown" }]) {
    const device = browser();
    const page = surveyed({ device, tag });
    assert.ok(await page.ask());
    await press(page, "Nej tak");
    assert.equal(await page.ask(), undefined);
    assert.deepEqual(why(page), ["it was shown before"]);
    assert.ok(await surveyed({ device, tag }).ask());
    assert.deepEqual(device.storage, {});
  }
});

test("what was asked outlives the queue's sweep, and goes when the consent goes", async () => {
  const device = browser();
  await surveyed({ device, tag: CONSENT }).ask();
  const next = surveyed({ device, tag: CONSENT });
  await pass(next, 300);
  assert.ok(ASKED in device.storage);
  next.run(`kr("consent", "anonymous")`);
  await pass(next, 300);
  assert.deepEqual(device.storage, {});
  const later = browser();
  later.storage[ASKED] = device.storage[ASKED] = "{}";
  await pass(open({ device: later, tag: { "data-consent": "none" } }), 300);
  assert.deepEqual(later.storage, {});
});

test("the level that holds now decides, not that of the tag", async () => {
  const page = surveyed({ tag: CONSENT });
  page.run(`kr("consent", "anonymous")`);
  assert.ok(await page.ask());
  assert.deepEqual(page.device.storage, {});
});

test("with consent none nobody is asked what could not be told", async () => {
  const page = surveyed({ tag: { "data-consent": "none" } });
  assert.equal(await page.ask(), undefined);
  assert.deepEqual(why(page), ["consent is none"]);
});

test("one box at a time", async () => {
  const page = surveyed();
  await page.ask();
  await page.ask({ ...SURVEY, survey_id: "other" });
  assert.equal(page.document.body.children.length, 1);
  assert.deepEqual(why(page), ["another one is open"]);
  await press(page, "Nej tak");
  assert.ok(await page.ask({ ...SURVEY, survey_id: "other" }), "and it is not held to be asked");
});

test("storage that is blocked, full or full of rubbish does not keep anybody from asking", async () => {
  const full = new Proxy({}, { set() { throw new Error("QuotaExceededError"); } });
  const blocked = surveyed({ storageThrows: true, tag: CONSENT });
  assert.ok(await blocked.ask());
  const sheet = class { replaceSync() {} };
  assert.ok(await surveyed({ window: { localStorage: full, CSSStyleSheet: sheet }, tag: CONSENT }).ask());
  for (const rubbish of ["{oops", "null", "7", '"text"', "[]", '{"kvittering": "soon"}']) {
    const device = browser();
    device.storage[ASKED] = rubbish;
    assert.ok(await surveyed({ device, tag: CONSENT }).ask(), rubbish);
  }
});

test("what is no survey is not shown, and said to whoever looks", async () => {
  for (const survey of [{}, { ...SURVEY, type: "mood" }, { ...SURVEY, question: "" }, { ...SURVEY, survey_id: undefined }]) {
    const page = surveyed();
    assert.equal(await page.ask(survey), undefined);
    assert.match(why(page)[0], /needs survey_id, question and type/);
    assert.deepEqual(types(page), ["page_view"]);
  }
  const page = surveyed();
  page.run(`kr("survey")`);
  page.loadParts();
  assert.equal(why(page).length, 1);
});

test("a browser that cannot show it goes on without", async () => {
  const page = surveyed({ window: {} });
  assert.equal(await page.ask(), undefined);
  assert.equal(why(page).length, 1);
  page.run(`kr("view_cart")`);
  await pass(page, 300);
  assert.deepEqual(types(page), ["page_view", "view_cart"]);
});

test("hostile text is only text", async () => {
  const question = "<img src=x onerror=alert(1)>";
  const box = await surveyed().ask({ ...SURVEY, question });
  assert.deepEqual(box.children[0].children, [question]);
});

test("the debug texts say why it is not shown", async () => {
  const lines = [];
  const print = (...parts) => lines.push(parts.join(" "));
  const page = surveyed({ window: { console: { info: print, warn: print }, CSSStyleSheet: class { replaceSync() {} } } });
  page.load(FILES.debug);
  await page.ask();
  await press(page, "Nej tak");
  await page.ask();
  assert.ok(lines.includes("[kr] a survey is not shown: it was shown before"), lines.join("\n"));
});
