/**
 * The snippet: what every page of a shop loads.  build.mjs makes tracker/static/snippet/k.js of it.
 *
 * In:   its own script tag (data-key, data-consent, data-kind, data-to, data-layer), calls of kr(), data-kr-* attributes,
 *       navigation, and whether the page is in sight.
 * Out:  POSTs of docs/wire-format.md to the front door; with consent the cookie `_kr` and localStorage entries `_kr.<site key>.…`.
 *
 * Three rules hold everywhere.  It never throws into the page: every way in goes through `safe`.  The consent level is put on
 * a body when the body is sent, so that what waits is sent under the newest decision, or not at all.  An event stays in the
 * queue until it is answered; event_id makes repeats harmless.
 *
 * What happened goes into `kr.log` as [code, detail…]; debug.js has a sentence for each code (a test compares the two), and
 * layer.js looks there for events that it need not repeat.  Bytes are counted: what few pages need belongs into a part.
 */

/**
 * @typedef {{ event_id: string, type: string, occurred_at: number, sequence: number, page: object, data?: any }} KrEvent
 * @typedef {Function & { q?: any, log?: any[][], tag?: HTMLScriptElement, known?: (event: KrEvent) => boolean }} Kr
 */

(() => {
  // codes of kr.log
  const ERROR = 0;
  const CONSENT = 1;
  const EVENT = 2;
  const KNOWN = 3;
  const NO_CONSENT = 4;
  const DROPPED = 5;
  const ANSWER = 6;

  const d = document;
  const now = Date.now;

  /** @type {any[][]} */
  const log = [];

  /** @param {...any} entry */
  const say = (...entry) => {
    if (log.push(entry) > 50) log.shift();
  };

  /**
   * The same function, but it cannot throw, nor reject.  Up to its first await it runs at once.
   * @template {any[]} A
   * @param {(...args: A) => any} act
   */
  const safe =
    (act) =>
    async (/** @type {A} */ ...args) => {
      try {
        await act(...args);
      } catch (error) {
        say(ERROR, error);
      }
    };

  safe(() => {
    /** @type {Kr} The page's stub stays: whoever kept a copy of it still reaches us. */
    const kr = (window.kr ||= function () {
      (kr.q ||= []).push(arguments);
    });
    if (kr.log) return kr("page_twice");
    kr.log = log;

    const tag = (kr.tag = /** @type {HTMLScriptElement} */ (d.currentScript));
    const options = tag.dataset;
    const to = options.to || new URL("/k", tag.src);
    const { stringify, parse } = JSON; // ours, whatever the page does to JSON later
    const levels = ["none", "anonymous", "statistics", "marketing"];

    /** 64 random bits. */
    const id = () => crypto.getRandomValues(new Uint32Array(2)).join("");

    /** JSON that a toJSON which the page gave to arrays, texts or objects cannot spoil. @param {any} value */
    const json = (value) =>
      stringify(value, function (name) {
        return this[name];
      });

    /** The page's address.  A fragment belongs to it only when it looks like a route. */
    const here = () => location.href.replace(/#([^/!].*)?$/, "");

    const stored = `_kr.${options.key}.`;
    const mine = stored + 0 + id(); // pages open side by side have a queue each; what else is stored has no 0 there
    const landing = here();

    let level = -1; // index in levels; -1: nobody said, the shop's setting decides
    let told = false; // something went out, so that a change of level is news
    let started = false;

    /** @type {any[]} of KrEvent */
    let queue = [];
    const flying = new Set(); // events that are sent and not answered
    let sequence = 0;
    let timer = 0;
    let tries = 0;
    /** Not to be sent before.  Google's consent mode is waited for, so that the first events have their level. */
    let until = /** @type {any} */ (/goo|wait/.test(/** @type {any} */ (options.consent)) && now() + 5e3);

    let url = landing;
    let referrer = d.referrer;
    /** @type {any} */
    let kind;
    let pending = true; // this page's page_view is still to be made
    let since = 0; // in sight since; 0: out of sight
    let visible = 0; // milliseconds in sight that are not told yet
    let deepest = 0;

    /** The visitor key, while it may be used: another page of the shop may have taken the consent, and the cookie, away. */
    const visitor = () => (level > 1 ? /\b_kr=(\w+)/.exec(d.cookie)?.[1] : undefined);

    /** A new visitor key, or, by the age 0, none any more.  @param {number} age in seconds */
    const setCookie = (age) => {
      d.cookie = `_kr=${id()};path=/;max-age=${age};samesite=lax` + (landing > "https" ? ";secure" : "");
    };

    /** Takes what earlier pages left on the device: to send it, or, without consent, to be rid of it. */
    const sweep = safe(() => {
      for (const name in localStorage)
        if (name.includes(level < 2 ? stored : stored + 0)) {
          const text = localStorage[name];
          delete localStorage[name];
          if (level > 1) queue.unshift(...parse(text));
        }
    });

    /**
     * Numbers what is new, keeps the queue within its limits, and with consent on the device.  The numbers go on from page to
     * page, and are given before anything is dropped, so that a gap shows a loss.  Two pages may give the same one at the same
     * moment (localStorage reaches other processes late, and a page that is left cannot wait for a lock), but none is left out.
     * Returns the visitor key: reading cookies is among the slowest things a page can do, so it is read here only.
     */
    const save = () => {
      const key = visitor();
      let text;
      /** @type {any} */
      let device = {};
      safe(() => key && (device = localStorage))();
      sequence = Math.max(sequence, device[stored] || 0);
      queue.forEach((event) => (event.sequence ??= sequence++));
      while (queue[100] || encodeURI((text = json(queue))).length > 65e3) say(DROPPED, queue.shift());
      safe(() => {
        device[stored] = sequence;
        device[mine] = text;
      })();
      return key;
    };

    /** @param {any} [name] of the level from now on; anything else than a level: unknown */
    const setLevel = (name) => {
      const before = level;
      level = levels.indexOf(name);
      if (level > 2 && /** @type {any} */ (navigator).globalPrivacyControl) level = 2;
      say(CONSENT, name, levels[level]);
      if (level == before) return;
      if (level < 2) {
        if (before > 1) {
          queue = [];
          sequence = 0;
        }
        sweep();
        setCookie(0);
      } else if (before < 2) {
        if (!visitor()) setCookie(34e6); // 393 days from now, whatever happens later
        queue.forEach((event) => delete event.sequence); // the visitor's own numbers from here on
        sweep();
      }
      // when it is granted, the campaign that brought the visitor is told again, now under the new level
      if (told && level >= 0)
        send(
          "consent_update",
          { level: levels[level], previous_level: levels[before] },
          level > 1 && { page: { url: landing, referrer: d.referrer } }
        );
    };

    const later = (pause = 250) => {
      timer ||= setTimeout(flush, pause);
    };

    /** Sends what waits.  On leave at once, even in a pause of retries, unless the device keeps it for the next page. */
    const flush = safe(async (/** @type {any} */ leaving) => {
      timer = 0;
      const visitor_key = save();
      const batch = queue.filter((event) => !flying.has(event));
      if (!batch[0]) return;
      if (now() < until && (visitor_key || !leaving)) return later(until - now());
      const body = json({
        key: options.key,
        sent_at: now(),
        consent: levels[visitor_key || level < 2 ? level : 1], // 1: a browser that refuses the cookie
        visitor_key,
        events: level ? batch : batch.map(({ type }) => ({ event_id: id(), type })),
      });
      /** @type {any} */
      let answer;
      told = true;
      batch.forEach(flying.add, flying);
      try {
        answer = await fetch(to, { method: "POST", body, keepalive: true, credentials: "omit" });
      } catch {
        answer = { status: leaving && navigator.sendBeacon(to, body) ? 202 : 500 };
      }
      batch.forEach(flying.delete, flying);
      if (/429|^5/.test(answer.status)) {
        until = now() + Math.min(answer.headers?.get("retry-after") || 2 ** tries++, 3600) * (1e3 + Math.random() * 500);
        later();
      } else {
        tries = 0;
        queue = queue.filter((event) => !batch.includes(event));
        save();
      }
      say(ANSWER, answer, batch);
    });

    /** @param {string} type @param {any} [data] @param {any} [extra] */
    const send = (type, data, extra) => {
      view();
      if (!level && type != "page_view") return say(NO_CONSENT, type);
      /** @type {KrEvent} a copy: what the page does to its objects later is not told */
      const event = parse(json({ event_id: id(), type, occurred_at: now(), ...extra, page: { url, kind, ...extra?.page }, data }));
      if (kr.known?.(event)) return say(KNOWN, event);
      queue.push(event);
      say(EVENT, event);
      later();
    };

    /** @param {any} element @param {string} what */
    const tell = safe((element, what) => {
      if (element) send(element.getAttribute("data-kr-" + what), parse(element.dataset.kr || "{}"));
    });

    const view = safe(() => {
      if (!pending) return;
      pending = false;
      kind = /** @type {HTMLElement?} */ (d.querySelector("[data-kr-kind]"))?.dataset.krKind || (url == landing ? options.kind : null);
      send("page_view", {}, { page: { title: d.title, referrer } });
      d.querySelectorAll("[data-kr-view]").forEach((element) => tell(element, "view"));
    });

    const look = () => (since = d.hidden ? 0 : now());


    /** A page begins to be looked at.  @param {string} next its address */
    const begin = (next) => {
      referrer = url;
      url = next;
      pending = true;
      visible = 0;
      deepest = scrollY;
      look();
      setTimeout(view, 99); // frameworks set the title after the address
    };

    /** Tells how long the page was in sight since it was last told, and how deep it was seen. */
    const engage = () => {
      if (since) visible += now() - since;
      look();
      if (visible < 250) return; // also: browsers tell twice that a page is left
      send("page_engaged", {
        visible_seconds: visible / 1e3,
        scroll_share: Math.min((deepest + innerHeight) / d.documentElement.scrollHeight, 1),
      });
      visible = 0;
    };

    /** Navigation within the page.  @param {any} [replaced] then a change of the query alone is no new page */
    const moved = safe((/** @type {any} */ replaced) => {
      const next = here();
      if (!started || next == url) return;
      if (replaced == "replaceState" && next.split("?")[0] == url.split("?")[0]) url = next;
      else {
        engage();
        begin(next);
      }
    });

    /** @param {string} part @param {any} [data] for the part, on its script's element */
    const load = (part, data) =>
      d.head.append(
        Object.assign(d.createElement("script"), {
          src: tag.src.replace(/js(?=$|\?)/, part + ".js"),
          nonce: tag.nonce,
          data,
        })
      );

    const call = safe((/** @type {any} */ [type, data, extra]) => {
      if (type == "consent") {
        setLevel(data);
        until = timer = 0; // the wait for a decision is over
        later();
      } else if (type == "debug" || type == "survey") load(type, data);
      else send(type, data, extra);
    });

    const start = safe(() => {
      if (started) return;
      started = true;
      setLevel(options.consent);
      const calls = kr.q;
      kr.q = { push: call };
      calls?.forEach(call);
      view();
      if (options.consent == "google" || "layer" in options) load("layer");
      if (/kr-debug/.test(url)) load("debug");
    });

    /** A page counts once it is in sight: not in a tab behind, nor when the browser loads it in advance. */
    const show = () => {
      look();
      if (since && d.readyState != "loading") start();
    };

    const leave = () => {
      if (since) start();
      if (started) {
        engage();
        flush(1);
      }
    };

    /** Everything passes the window first, before the page can stop it. @param {string} name @param {(event: any) => any} act */
    const on = (name, act) => addEventListener(name, safe(act), true);

    for (const name of /** @type {const} */ (["pushState", "replaceState"])) {
      const original = history[name];
      history[name] = function () {
        // @ts-ignore whatever the page passes
        original.apply(this, arguments);
        moved(name);
      };
    }
    on("popstate", moved);
    on("pagehide", leave);
    on("pageshow", (event) => event.persisted && begin(url));
    on("scroll", () => (deepest = Math.max(deepest, scrollY)));
    on("visibilitychange", () => (d.hidden ? leave() : show()));
    for (const name of ["click", "submit"])
      on(name, (event) => tell(event.target.closest("[data-kr-" + name + "]"), name));
    on("DOMContentLoaded", show);
    show();
  })();
})();
