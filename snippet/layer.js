/**
 * Reader of the shop's existing dataLayer; t.js loads it when its tag has `data-layer`, or data-consent="google".
 *
 * In:   window.dataLayer (or the array that data-layer names): GTM objects {event, ecommerce: {…}} and gtag's arguments
 *       ["event", name, {…}], ["consent", "default" | "update", {…}]; those pushed before and those to come.
 * Out:  calls of kr(): events of our catalogue with the fields below, and, with data-consent="google", the consent level.
 *
 * Only names of our catalogue are taken, and only these fields of the event itself: what else a shop keeps in its dataLayer
 * (addresses, customer data) stays there.  What is told twice, by the page's own kr() calls or data-kr-* attributes, by GTM and
 * by gtag, counts once.
 */
(() => {
  // put in by build.mjs from tests/contract/events.json: what a browser may send, without what t.js tells itself
  const TYPES = /** @type {string[]} */ (/* TYPES */ []);
  const FIELDS =
    "items value currency transaction_id coupon shipping_tier payment_type item_list_id item_list_name promotion_id promotion_name creative_name creative_slot search_term results_count method content_type item_id".split(" ");
  const SAME_MS = 2000; // two sources that tell the same within this time mean one event
  const LONGEST_WAIT_MS = 2000; // for a consent platform that asked for time
  const SHORTEST_WAIT_MS = 500; // for one that has said nothing yet
  const EVENT = 2; // the code in kr.log

  /** @typedef {{ same: string, source: string, at: number }} Seen */

  const { kr } = window;
  const { dataset } = kr.tag;
  const readsEvents = "layer" in dataset;
  const readsConsent = dataset.consent == "google";
  const now = Date.now;
  let source = "page"; // who is telling just now
  let replaying = true;

  /** @param {{ type: string, data?: any }} event */
  const same = ({ type, data = {} }) => {
    const items = Array.isArray(data.items) ? data.items.map((/** @type {any} */ item) => item.item_id || item.item_name) : "";
    return [type, data.transaction_id || items || data.search_term || ""].join();
  };

  /** @type {Seen[]} */
  let seen = kr.log
    .filter((/** @type {any[]} */ [code]) => code == EVENT)
    .map((/** @type {any[]} */ [, event]) => ({ same: same(event), source, at: event.occurred_at }));

  /** Whether another source has told this event; each telling answers for one of the other side. @param {any} event */
  kr.known = (event) => {
    const mine = { same: same(event), source, at: now() };
    // what was pushed before we came has no time of its own
    if (!replaying) seen = seen.filter(({ at }) => mine.at - at < SAME_MS);
    const index = seen.findIndex((other) => other.same == mine.same && other.source != mine.source);
    if (index < 0) seen.push(mine);
    else seen.splice(index, 1);
    return index >= 0;
  };

  /** @param {string} from @param {string} name @param {any} fields */
  const tell = (from, name, fields) => {
    const type = name == "view_search_results" ? "search" : name;
    if (!TYPES.includes(type)) return;
    /** @type {Record<string, any>} */
    const data = {};
    for (const field of FIELDS) if (fields[field] != null) data[field] = fields[field];
    source = from;
    kr(type, data);
    source = "page";
  };

  /** @type {Record<string, string>} what Google's consent mode says so far */
  const state = {};
  let updated = false;
  let decided = false;
  let wait = 0;

  const decide = () => {
    decided = true;
    const { analytics_storage: analytics, ad_storage: ads } = state;
    const level = analytics == "granted" ? (ads == "granted" ? "marketing" : "statistics") : analytics && "anonymous";
    kr("consent", level || "unknown");
  };

  /** @param {string} kind @param {any} said */
  const readConsent = (kind, said) => {
    for (const name of ["analytics_storage", "ad_storage"])
      if (said[name])
        // defaults may differ by region, which we do not know: the strictest one holds until the update
        state[name] = kind == "default" && state[name] == "denied" ? "denied" : said[name];
    if (kind == "update") updated = true;
    else wait = Math.max(wait, +said.wait_for_update || 0);
    if (decided || (updated && !replaying)) decide();
  };

  /** @param {any} entry one thing pushed */
  const read = (entry) => {
    if (!entry) return;
    if (entry[0] == "consent" && readsConsent) readConsent(entry[1], entry[2] || {});
    else if (!readsEvents) return;
    else if (entry[0] == "event") tell("gtag", entry[1], entry[2] || {});
    else if (typeof entry.event == "string") tell("gtm", entry.event, { ...entry, ...entry.ecommerce });
  };

  /** @param {any} entry */
  const readSafely = (entry) => {
    try {
      read(entry);
    } catch (error) {
      kr.log.push([1, error]);
    }
  };

  const name = dataset.layer || "dataLayer";
  const layer = (window[name] = window[name] || []);
  Array.from(layer).forEach(readSafely);
  replaying = false;
  const push = layer.push;
  layer.push = function () {
    const answer = push.apply(layer, arguments);
    Array.from(arguments).forEach(readSafely);
    return answer;
  };
  if (readsConsent) {
    if (updated) decide();
    else setTimeout(() => decided || decide(), Math.min(wait || (state.analytics_storage ? 0 : SHORTEST_WAIT_MS), LONGEST_WAIT_MS));
  }
})();
