// Lets the pages come up where there is no network: what the gateway serves is asked of it first, and
// taken from what was kept where it does not answer. Feeds, reports and the interface are never kept.
"use strict";

/** A name of their digest: a gateway that was updated has another one. */
const KEPT = "touchline-0";

const SHELLS = { "/events/": "/static/event.html", "/report/": "/static/report.html" };

/** The pages and the files that they name; the gateway puts them here. */
const FILES = [];

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

/** A file whose name holds its digest is the same for ever. */
const ASSETS = "/assets/";

async function answer(request, name) {
  const cache = await caches.open(KEPT);
  if (name.startsWith(ASSETS)) {
    const kept = await cache.match(name);
    if (kept) return kept;
  }
  const asked = fetch(request);
  const late = new Promise((done) => setTimeout(() => done(null), PATIENCE));
  try {
    const found = await Promise.race([asked, late]);
    if (found) return found;
  } catch {
    // No network: what was kept has to do.
  }
  return (await cache.match(name)) ?? asked;
}
