// A score or a feed within a page of another site: the query says which, and in which colours.

import { cause, drawBanner } from "./banner.js";
import { byId, frames, keyed } from "./dom.js";
import { attend, Feed, feedUrl } from "./feed.js";
import { ScoreHeader, titleOf } from "./score_header.js";
import { rows } from "./timeline.js";

/** Rows of the feed. */
const MOST = 20;

/** The colours that may be given, by parameter. */
const COLOURS = {
  accent: ["--accent"],
  ground: ["--surface", "--ground"],
  ink: ["--ink"],
  hero: ["--hero"],
};

const id = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
const query = new URLSearchParams(location.search);
const header = new ScoreHeader(byId("hero"));
const feed = new Feed(feedUrl(id), { message: draw, link: draw });
const later = frames(drawAll);
let drawn = -1;
feed.most = MOST;

/** For tests and for the curious: the feed that this page shows. */
globalThis.touchline = { feed };

function draw() {
  later();
}

function drawAll() {
  const { state } = feed;
  const found = cause(feed, Date.now());
  header.draw(state, null, feed.wall());
  header.tick(state, feed.wall());
  drawBanner(byId("banner"), found, Date.now(), () => feed.retry());
  document.title = titleOf(state);
  if (state.joined && drawn !== state.version) {
    drawn = state.version;
    keyed(byId("lines"), rows(state, { most: MOST, key: false }).rows);
  }
  // The page around it makes the frame as high as this says; whoever that is may know it.
  parent.postMessage({ touchline: id, height: byId("main").scrollHeight }, "*");
}

function dress() {
  document.body.dataset.show = query.get("show") ?? "both";
  for (const [name, variables] of Object.entries(COLOURS)) {
    const colour = query.get(name);
    if (!colour || !CSS.supports("color", colour)) continue;
    for (const one of variables) document.documentElement.style.setProperty(one, colour);
  }
}

dress();
byId("whole").href = `/events/${encodeURIComponent(id)}`;
const first = document.getElementById("first");
if (first) feed.begin(JSON.parse(first.textContent));
if (first) drawAll();
setInterval(drawAll, 1000);
attend(feed);
feed.open();
