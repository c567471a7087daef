// Puts a score or a feed into a page of another site, where this script stands:
// <script async src="https://GATEWAY/embed.js" data-event="EVENT" data-show="both"></script>
"use strict";

(() => {
  const script = document.currentScript;
  const { event = "", ...given } = script.dataset;
  const home = new URL(script.src);
  const frame = document.createElement("iframe");
  frame.src = `${home.origin}/embed/${encodeURIComponent(event)}?${new URLSearchParams(given)}`;
  const tr = (text) => text; // the gateway puts the language here
  frame.title = tr("Live score");
  frame.loading = "lazy";
  frame.style.cssText = "display:block;width:100%;height:240px;border:0;border-radius:12px";
  addEventListener("message", ({ source, origin, data }) => {
    if (source !== frame.contentWindow || origin !== home.origin) return;
    if (data?.touchline === event && data.height > 0) frame.style.height = `${data.height}px`;
  });
  script.after(frame);
})();
