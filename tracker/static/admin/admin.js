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
    if (!form) return;
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
  const refresh = async () => {
    if (document.hidden) return;
    const answer = await fetch(location.href, { headers: { "X-Requested-With": "live" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-live]");
    const old = document.querySelector("[data-live]");
    if (!fresh || !old || old.contains(document.activeElement)) return; // do not pull it away from under a reader
    old.replaceWith(document.adoptNode(fresh));
    start();
  };
  const setLive = (on) => {
    clearInterval(timer);
    timer = on ? setInterval(() => refresh().catch(() => {}), 5000) : null;
    const link = new URL(location.href);
    if (on) link.searchParams.set("live", "1");
    else link.searchParams.delete("live");
    history.replaceState(null, "", link);
  };
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-live-toggle]")) setLive(event.target.checked);
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
    addTooltips(document);
    window.drawCharts?.();
  };
  showDays();
  start();
  if (document.querySelector("[data-live-toggle]")?.checked) setLive(true);
})();
