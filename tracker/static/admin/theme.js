// Sets dark or light before the first paint: as chosen, else as the system has it.
(() => {
  "use strict";
  const system = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("kunderejse-theme");
    } catch {
      return null; // storage is off
    }
  };
  const apply = () => {
    document.documentElement.dataset.bsTheme = chosen() || (system.matches ? "dark" : "light");
    document.dispatchEvent(new Event("themechange"));
  };
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-toggle-theme]")) return;
    const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("kunderejse-theme", next);
    } catch {
      document.documentElement.dataset.bsTheme = next; // for this page only
    }
    apply();
  });
})();
