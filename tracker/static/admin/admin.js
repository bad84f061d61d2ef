// Makes the server's pages quicker to use; everything works without it, except the charts.
(() => {
  "use strict";

  // Tooltips with the definition of a figure, by mouse, keyboard and touch.
  const tips = [];
  const addTooltips = (root) => {
    while (tips.length) tips.pop().dispose();
    for (const element of root.querySelectorAll('[data-bs-toggle="tooltip"]')) {
      tips.push(new window.tabler.Tooltip(element, { trigger: "hover focus", html: false, container: "body" }));
    }
  };

  // The period's own days are asked for only where they are meant; the form sends itself when something is chosen.
  const controls = () => document.querySelector("form[data-controls]");
  const showDays = () => {
    const form = controls();
    if (!form?.elements.period) return;
    const custom = form.elements.period.value === "custom";
    const days = form.querySelector("[data-days]");
    days.hidden = !custom;
    for (const input of days.querySelectorAll("input")) input.disabled = !custom;
  };
  const send = (form) => {
    for (const field of form.elements) if (field.name && !field.value) field.disabled = true; // short links
    form.requestSubmit();
  };
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-controls]");
    if (!form || event.target.name === "live") return;
    showDays();
    if (event.target.name === "period" && event.target.value === "custom") return;
    if (event.target.type === "date" && !(form.elements.since.value && form.elements.until.value)) return;
    send(form);
  });

  // Live: the page is asked again and its report put in place of the old one.
  let timer = null;
  const refresh = () => {
    const old = document.querySelector("[data-live]");
    if (document.hidden || !old || old.contains(document.activeElement)) return; // do not pull it away from under a reader
    htmx.ajax("GET", location.href, { target: "[data-live]", select: "[data-live]", swap: "outerHTML" });
  };
  const setLive = (on) => {
    clearInterval(timer);
    timer = on ? setInterval(refresh, 5000) : null;
    const link = new URL(location.href);
    if (on) link.searchParams.set("live", "1");
    else link.searchParams.delete("live");
    history.replaceState(null, "", link);
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-live-toggle]")) setLive(event.target.checked);
  });

  // What changes by itself: its part is asked for while the page is looked at; the answer is empty while nothing has changed.
  setInterval(() => {
    const part = document.querySelector("[data-poll]");
    if (document.hidden || !part || part.contains(document.activeElement)) return;
    htmx.ajax("GET", part.dataset.poll, { target: part, swap: "outerHTML" });
  }, 5000);

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) print();
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.getElementById(button.dataset.copy).textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = button.dataset.copied;
    } catch {
      getSelection().selectAllChildren(document.getElementById(button.dataset.copy)); // the reader copies by hand
    }
  });

  const start = () => {
    document.querySelector(".map-scroll [autofocus]")?.closest(".map-field").scrollIntoView({ block: "nearest", inline: "center" });
    addTooltips(document);
    showDays();
    for (const button of document.querySelectorAll("[data-print]")) button.hidden = false; // it needs this script
    window.drawCharts?.();
  };
  start();
  document.addEventListener("htmx:afterSwap", start);
  // What is no answer to the question – a login that has ended, an error – is shown as the page that it is.
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const asked = new URL(detail.pathInfo.requestPath, location.href);
    const answered = new URL(detail.xhr.responseURL);
    if (detail.xhr.status < 400 && asked.pathname === answered.pathname) return;
    detail.shouldSwap = false;
    if (timer || (detail.xhr.status >= 400 && detail.target.matches("[data-poll]"))) return; // the next look may do better
    location.assign(detail.xhr.status < 400 ? answered : detail.pathInfo.finalRequestPath || asked);
  });
  if (document.querySelector("[data-live-toggle]")?.checked) setLive(true);
})();
