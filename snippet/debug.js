/**
 * The debug texts: says in the console what the snippet sent, and why something was not sent.
 * t.js loads it when the address holds `kr-debug`, or after kr("debug").
 *
 * In:   kr.log, [code, detail…] of t.js: what happened so far, and what happens from now on.
 * Out:  lines in the console.
 *
 * To add a code: its sentence here, at the place of its number in t.js.
 */
(() => {
  const { kr } = window;
  const { dataset } = kr.tag;

  /** @type {((...detail: any[]) => [string, ...any[]])[]} by code */
  const SENTENCES = [
    /* ERROR      */ (error) =>
      typeof error == "string" ? [`a survey is not shown: ${error}`] : ["something was not sent because of an error, often data-kr that is no JSON:", error],
    /* CONSENT    */ (asked, level) =>
      level
        ? [`consent is "${level}"` + (asked == level ? "" : ` (asked for "${asked}"; the browser's privacy signal allows no marketing)`)]
        : [`the consent level is not known${asked ? ` ("${asked}" is none)` : ""}: the shop's setting decides, nothing is stored here`],
    /* EVENT      */ (event) => [
      event.type == "page_twice" ? "the snippet is on this page twice; the second one does nothing. Remove one of the two tags." : `${event.type} waits to be sent`,
      event,
    ],
    /* KNOWN      */ (event) => [`${event.type} was not sent: the page and its dataLayer told it both, it counts once`, event],
    /* NO_CONSENT */ (type) => [`${type} was not sent: consent is "none", only page views are counted`],
    /* DROPPED    */ (event) => [`${event.type} was dropped: more than 100 events or some 50 kB wait`, event],
    /* ANSWER     */ (answer, events) => [`${events.length} sent: ${means(answer)}`, events.map((/** @type {any} */ event) => event.type)],
  ];

  /** @type {Record<number, string>} */
  const STATUS = {
    202: "taken",
    400: "refused, the body is wrong; it is not sent again",
    401: "refused: no shop has the site key of data-key; it is not sent again",
    403: "refused: this address is not one of the shop's hosts; it is not sent again",
    413: "refused: too big; it is not sent again",
    429: "too many requests; it is sent again later",
    500: "no answer: offline, blocked by an extension or by the page's Content-Security-Policy, or the server failed; it is sent again later",
    503: "the server cannot take it now; it is sent again later",
  };

  /** @param {{ status: number }} answer */
  const means = ({ status }) => `${status}, ${STATUS[status] || (status > 499 ? STATUS[503] : "unexpected; it is not sent again")}`;

  /** What the door refused or dropped of a body that it took. @param {any} answer @param {any[]} events */
  const explain = async (answer, events) => {
    const said = await answer.json();
    for (const { index, reason, detail } of said.refused || [])
      console.warn("[kr]", `${index == null ? "all" : events[index].type} refused: ${reason}`, detail);
    if (said.ignored_fields && said.ignored_fields.length) console.warn("[kr] fields that nobody knows were left out:", said.ignored_fields);
  };

  /** @param {any[]} entry */
  const print = ([code, ...detail]) => {
    console.info("[kr]", ...SENTENCES[code](...detail));
    // an answer can be read once; the snippet itself needs its status only
    if (code == 6 && detail[0].json && !detail[0].bodyUsed) explain(detail[0], detail[1]).catch(() => {});
  };

  /** @param {any[]} entry */
  const printSafely = (entry) => {
    try {
      print(entry);
    } catch (error) {
      console.warn("[kr]", entry, error);
    }
  };

  if (!dataset.key) console.warn("[kr] the tag has no data-key: nothing will be taken");
  if (!kr.tag.src && !dataset.to) console.warn("[kr] the tag has neither src nor data-to: there is nowhere to send to");
  kr.log.forEach(printSafely);
  const push = kr.log.push;
  kr.log.push = (/** @type {any[][]} */ ...entries) => {
    entries.forEach(printSafely);
    return push.apply(kr.log, entries);
  };
})();
