// Lets the pages come up where there is no network: what the gateway serves is asked of it first, and
// taken from what was kept where it does not answer. Feeds, reports and the interface are never kept.
"use strict";

const KEPT = "touchline-1";

const SHELLS = { "/events/": "/static/event.html", "/report/": "/static/report.html" };

const FILES = [
  "/static/index.html",
  "/static/event.html",
  "/static/report.html",
  "/static/icon.svg",
  "/static/search.svg",
  "/static/manifest.webmanifest",
  "/static/css/base.css",
  "/static/css/event.css",
  "/static/css/feed.css",
  "/static/css/report.css",
  "/static/css/search.css",
  "/static/js/accuracy.js",
  "/static/js/banner.js",
  "/static/js/buttons.js",
  "/static/js/charts.js",
  "/static/js/claims.js",
  "/static/js/clock.js",
  "/static/js/course.js",
  "/static/js/contradictions.js",
  "/static/js/open_claims.js",
  "/static/js/dom.js",
  "/static/js/ending.js",
  "/static/js/event.js",
  "/static/js/event_time.js",
  "/static/js/feed.js",
  "/static/js/score_header.js",
  "/static/js/icons.js",
  "/static/js/kinds.js",
  "/static/js/lineup.js",
  "/static/js/names.js",
  "/static/js/entry_text.js",
  "/static/js/outbox.js",
  "/static/js/presentation.js",
  "/static/js/question.js",
  "/static/js/report_buttons.js",
  "/static/js/side_panels.js",
  "/static/js/report.js",
  "/static/js/scale.js",
  "/static/js/search.js",
  "/static/js/session.js",
  "/static/js/dialog.js",
  "/static/js/state.js",
  "/static/js/theme.js",
  "/static/js/timeline.js",
  "/static/js/formatting.js",
  "/static/js/withheld.js",
];

/** Milliseconds that the gateway may take before what was kept is shown. */
const PATIENCE = 4000;

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(KEPT)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener("activate", (event) => {
  const clear = async () => {
    for (const name of await caches.keys()) if (name !== KEPT) await caches.delete(name);
    await self.clients.claim();
  };
  event.waitUntil(clear());
});

self.addEventListener("fetch", (event) => {
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method !== "GET" || origin !== self.location.origin) return;
  const name = keptAs(pathname);
  if (name) event.respondWith(answer(event.request, name));
});

/** Return under which name an answer is kept; empty where it never is. */
function keptAs(pathname) {
  if (pathname === "/") return "/static/index.html";
  const shell = Object.keys(SHELLS).find((start) => pathname.startsWith(start));
  if (shell) return SHELLS[shell];
  return FILES.includes(pathname) ? pathname : "";
}

async function answer(request, name) {
  const cache = await caches.open(KEPT);
  const asked = fetch(request).then(async (found) => {
    if (found.ok && !found.redirected) await cache.put(name, found.clone());
    return found;
  });
  const late = new Promise((done) => setTimeout(() => done(null), PATIENCE));
  try {
    const found = await Promise.race([asked, late]);
    if (found) return found;
  } catch {
    // No network: what was kept has to do.
  }
  return (await cache.match(name)) ?? asked;
}
