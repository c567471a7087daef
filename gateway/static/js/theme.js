// Light or dark as the reader chose it, before anything is drawn; the system's choice unless so.
"use strict";

(() => {
  const KEY = "touchline.theme";
  const ORDER = ["auto", "dark", "light"];
  const NAMES = { auto: "as the system", dark: "dark", light: "light" };

  const stored = () => {
    try {
      const found = localStorage.getItem(KEY);
      return ORDER.includes(found) ? found : "auto";
    } catch {
      return "auto"; // storage is forbidden here
    }
  };

  const apply = (theme) => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    const button = document.getElementById("theme");
    if (!button) return;
    button.dataset.theme = theme;
    button.setAttribute("aria-label", `Colours: ${NAMES[theme]}. Change`);
    button.title = `Colours: ${NAMES[theme]}`;
  };

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => {
    apply(stored());
    document.getElementById("theme")?.addEventListener("click", () => {
      const theme = ORDER[(ORDER.indexOf(stored()) + 1) % ORDER.length];
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // It holds for this page then.
      }
      apply(theme);
    });
  });
})();
