// Light or dark as the reader chose it, before anything is drawn; the system's choice unless so.
"use strict";

(() => {
  const KEY = "touchline.theme";
  const ORDER = ["auto", "dark", "light"];
  // The gateway puts the page's language in place of these texts.
  const tr = (text, values) => text.replace("{theme}", values?.theme);
  const NAMES = { auto: tr("as the system"), dark: tr("dark"), light: tr("light") };

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
    button.setAttribute("aria-label", tr("Colours: {theme}. Change", { theme: NAMES[theme] }));
    button.title = tr("Colours: {theme}", { theme: NAMES[theme] });
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
