/**
 * A survey on the page: a small box with a question and a button for each score.  t.js loads it after kr("survey", {…}).
 *
 * In:   what the call said, as `data` of this script's element: docs/surveys.md has its fields.
 * Out:  calls of kr(): survey_shown, survey_submitted; with consent the localStorage entry `_kr.<site key>.asked`.
 *
 * The page cannot spoil the box, nor the box the page: a shadow tree, a style sheet that no Content-Security-Policy forbids, texts
 * that are only texts, and nothing thrown.  A score is told at once; corrected, or with words, again under the same answer_id.
 * Why a survey is not shown goes into kr.log as a text, which debug.js prints.
 */
(() => {
  const ERROR = 0; // codes of kr.log
  const CONSENT = 1;
  const AGAIN_MS = 90 * 864e5;
  /** @type {Record<string, number[]>} lowest and highest score, and the place of what the lowest one means in WORDS */
  const SCALES = { nps: [0, 10, 4], csat: [1, 5, 6], ces: [1, 7, 8] };
  /** @type {Record<string, string>} no, send, why, thanks, then what the lowest and highest scores mean */
  const WORDS = {
    da: "Nej tak|Send|Vil du fortælle os hvorfor?|Tak for dit svar|Slet ikke sandsynligt|Meget sandsynligt|Meget utilfreds|Meget tilfreds|Meget svært|Meget let",
    sv: "Nej tack|Skicka|Vill du berätta varför?|Tack för ditt svar|Inte alls troligt|Mycket troligt|Mycket missnöjd|Mycket nöjd|Mycket svårt|Mycket lätt",
    en: "No thanks|Send|Would you like to tell us why?|Thank you for your answer|Not at all likely|Very likely|Very dissatisfied|Very satisfied|Very difficult|Very easy",
  };
  // `all: initial` keeps out what the page's styles would hand down; the system's colours follow dark mode; nothing moves
  const CSS =
    "section{all:initial;display:block;position:fixed;z-index:2147483647;right:16px;bottom:16px;width:min(480px,100vw - 32px);max-height:calc(100vh - 32px);" +
    "overflow:auto;box-sizing:border-box;padding:16px;border:1px solid;border-radius:8px;background:Canvas;color:CanvasText;color-scheme:light dark;" +
    "font:16px/1.4 system-ui,sans-serif;box-shadow:0 4px 24px #0004}" +
    "p{margin:0 0 12px}button,textarea{font:inherit;min-height:44px}textarea{width:100%;box-sizing:border-box}" +
    "div{display:grid;grid-template-columns:repeat(auto-fit,minmax(36px,1fr));gap:4px}div button{padding:0}[aria-pressed=true]{background:Highlight;color:HighlightText}" +
    "[hidden]{display:none}";

  const d = document;
  const { kr } = window;
  const now = Date.now();

  /** @param {string} tag @param {Record<string, any>} attributes @param {...any} children texts, or elements */
  const make = (tag, attributes, ...children) => {
    const element = d.createElement(tag);
    for (const name in attributes) element.setAttribute(name, attributes[name]);
    element.append(...children);
    return element;
  };

  try {
    const { language, ...about } = /** @type {any} */ (d.currentScript).data;
    const scale = SCALES[about.type];
    if (!scale || !about.survey_id || !about.question) throw "it needs survey_id, question and type: nps, csat or ces";
    const words = (WORDS[(language || d.documentElement.lang).slice(0, 2)] || WORDS.en).split("|");

    /** Of this page, and of the device where it may be kept: survey_id → when it was shown. */
    const asked = (kr.asked ||= {});
    const level = kr.log.filter((/** @type {any[]} */ [code]) => code == CONSENT).pop()?.[2];
    if (level == "none") throw "consent is none";
    const remember = () => {
      if (/st|ma/.test(level)) // statistics, marketing
        try {
          const name = `_kr.${kr.tag.dataset.key}.asked`;
          for (const [id, at] of Object.entries(JSON.parse(localStorage[name] || "{}"))) if (now - at < AGAIN_MS) asked[id] = at;
          localStorage[name] = JSON.stringify(asked);
        } catch {}
    };
    remember();
    if (asked[about.survey_id]) throw "it was shown before";
    if (d.querySelector("kr-survey")) throw "another one is open";
    asked[about.survey_id] = now;
    remember();

    const host = make("kr-survey", { "aria-live": "polite" });
    const close = () => host.remove();
    /** @param {string} text @param {() => void} act */
    const button = (text, act) => {
      const made = make("button", {}, text);
      made.onclick = act;
      return made;
    };
    const answer = { ...about, answer_id: crypto.getRandomValues(new Uint32Array(2)).join("") };
    const scores = make("div", {});
    for (let score = scale[0]; score <= scale[1]; score++) {
      const one = button("" + score, () => {
        for (const other of scores.children) other.setAttribute("aria-pressed", "" + (other == one));
        answer.score = score;
        kr("survey_submitted", answer);
        more.hidden = false;
        text.focus();
      });
      scores.append(one);
    }
    const text = /** @type {HTMLTextAreaElement} */ (make("textarea", { "aria-label": words[2], rows: 3, maxlength: 1000 }));
    const more = make("p", { hidden: "" }, words[2], text, button(words[1], () => {
      if (text.value.trim()) kr("survey_submitted", { ...answer, answer: text.value });
      box.replaceChildren(words[3]);
      setTimeout(close, 3e3);
    }));
    const box = make(
      "section",
      { role: "dialog", "aria-label": about.question },
      make("p", {}, about.question),
      scores,
      make("p", {}, `${scale[0]}: ${words[scale[2]]}, ${scale[1]}: ${words[scale[2] + 1]}`),
      more,
      button(words[0], close)
    );
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(CSS);
    const root = host.attachShadow({ mode: "open" });
    root.adoptedStyleSheets = [sheet];
    host.onkeydown = (event) => {
      event.stopPropagation(); // to the page it would look like typing outside of any field
      if (event.key == "Escape") close();
    };
    d.body.append(host);
    setTimeout(() => root.append(box), 99); // what is in a live region from the start is not read out
    kr("survey_shown", about);
  } catch (error) {
    kr.log.push([ERROR, error]);
  }
})();
