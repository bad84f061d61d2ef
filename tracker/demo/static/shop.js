// The shop's own script.  Every page works without it; with it, less has to be loaded anew.
(() => {
  "use strict";
  const kr = (window.kr = window.kr || function () { (kr.q = kr.q || []).push(arguments); });
  const all = (selector, act, root = document) => root.querySelectorAll(selector).forEach(act);
  const one = (selector, root = document) => root.querySelector(selector);

  // What the server has to tell about the request that led here.
  const tells = one("#tells");
  if (tells) for (const [type, data, extra] of JSON.parse(tells.textContent)) kr(type, data, extra);

  // The consent banner, and the same choice on the page about cookies.
  const levels = { necessary: "none", statistics: "statistics", marketing: "marketing" };
  all("[data-consent-form]", (form) =>
    form.addEventListener("submit", async (event) => {
      const chosen = event.submitter?.value;
      if (!levels[chosen]) return;
      const banner = form.closest("#consent");
      if (!banner) return kr("consent", levels[chosen]); // and the form goes its way
      event.preventDefault();
      const body = new FormData(form, event.submitter);
      const answer = await fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      kr("consent", levels[chosen]);
      banner.remove();
    })
  );

  // Dialogs: the size guide opens in place of its page.
  const shut = (dialog) => all("[data-shut]", (button) => button.addEventListener("click", () => dialog.close()), dialog);
  all("dialog", (dialog) => {
    shut(dialog);
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  });
  all("[data-open]", (link) =>
    link.addEventListener("click", (event) => {
      const dialog = document.getElementById(link.dataset.open);
      if (!dialog) return;
      event.preventDefault();
      dialog.showModal();
    })
  );

  // The newsletter.
  const popup = one("#newsletter");
  if (popup) {
    setTimeout(() => !one("dialog[open]") && popup.showModal(), Number(popup.dataset.delay));
    popup.addEventListener("close", () => fetch(popup.dataset.close, { method: "POST", body: new FormData(one("[data-popup]", popup)), headers: { Accept: "application/json" } }));
    one("[data-popup]", popup).addEventListener("submit", async (event) => {
      event.preventDefault();
      const form = event.target;
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { Accept: "application/json" } });
      const { error, code, told, extra } = await answer.json();
      const line = one("[data-error]", form);
      line.hidden = !error;
      line.textContent = error || "";
      if (error) return;
      kr("newsletter_subscribe", told, extra);
      const thanks = one("[data-thanks]", popup);
      form.hidden = true;
      thanks.hidden = false;
      one("[data-code]", thanks).textContent = thanks.elements.code.value = code;
      one("button", thanks).focus();
    });
  }

  // Filters and quantities act at once; their buttons are for browsers without scripts.
  all("form[data-auto]", (form) => form.addEventListener("change", () => form.requestSubmit()));

  // Variants of a product.
  const buy = one("form[data-variants]");
  if (buy) {
    const variants = JSON.parse(buy.dataset.variants);
    const gallery = one("[data-gallery]");
    const add = one("[data-add]", buy);
    const words = add.textContent;
    const pick = () => variants.find((each) => each.colour === buy.elements.colour.value && each.size === buy.elements.size.value);
    const show = () => {
      const variant = pick();
      all("img", (img) => (img.src = gallery.dataset.gallery.replace("COLOUR", variant.colour)), gallery);
      one("[data-colour-name]", buy).textContent = one('input[name="colour"]:checked', buy).dataset.name;
      all('input[name="size"]', (input) => {
        const there = variants.find((each) => each.colour === variant.colour && each.size === input.value);
        input.closest("label").classList.toggle("gone", there.soldOut);
      }, buy);
      one("[data-stock]", buy).hidden = !variant.soldOut;
      add.disabled = variant.soldOut;
      add.textContent = variant.soldOut ? buy.dataset.soldOut : words;
      return variant;
    };
    show();
    buy.addEventListener("change", () => kr("select_item_variant", show().told));
  }

  // Reviews count as read once they have been in sight for a second.
  const reviews = one("[data-reviews]");
  if (reviews) {
    let timer = 0;
    new IntersectionObserver(([entry], observer) => {
      clearTimeout(timer);
      if (entry.isIntersecting)
        timer = setTimeout(() => {
          observer.disconnect();
          kr("view_reviews", JSON.parse(reviews.dataset.reviews));
        }, 1000);
    }, { rootMargin: "0px 0px -30% 0px" }).observe(reviews);
  }

  // Sharing: the link is copied; without a clipboard the form shows it.
  all("form[data-share]", (form) =>
    form.addEventListener("submit", (event) => {
      if (!navigator.clipboard) return;
      event.preventDefault();
      const label = one("[data-label]", form);
      navigator.clipboard.writeText(form.dataset.share).then(() => (label.textContent = document.documentElement.lang === "da" ? "Kopieret" : "Copied"), () => form.submit());
    })
  );

  // A card's number is asked for when it is paid by card.
  const card = one("[data-card]");
  if (card) {
    const look = () => (card.hidden = card.closest("form").elements.payment.value !== "card");
    card.closest("form").addEventListener("change", look);
    look();
    // Told before the order is placed: the answer to this form is the receipt, and a choice comes before the purchase.
    card.closest("form").addEventListener("submit", () => {
      const { data, extra } = JSON.parse(card.dataset.card);
      kr("add_payment_info", { ...data, payment_type: card.closest("form").elements.payment.value }, extra);
    });
  }
})();
