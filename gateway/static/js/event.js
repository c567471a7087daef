// The page of one event.

import { accuracyOf, drawAccuracy } from "./accuracy.js";
import { cause, drawBanner } from "./banner.js";
import { drawAgreement, drawDelays, drawMatch, watchWidth } from "./charts.js";
import { OpenClaims } from "./open_claims.js";
import { byId, fill, frames, keyed } from "./dom.js";
import { reportsCount } from "./ending.js";
import { attend, Feed, feedUrl } from "./feed.js";
import { ScoreHeader, titleOf } from "./score_header.js";
import { drawPage, drawSport, drawStatistics } from "./side_panels.js";
import { rows } from "./timeline.js";

/** Rows of the feed at first, and how many more each time. */
const PAGE = 60;

const id = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
const wish = { most: PAGE, key: false };
const scoreHeader = new ScoreHeader(byId("hero"));
const openClaims = new OpenClaims(byId("claims"), byId("aloud"));
const feed = new Feed(feedUrl(id), { message: took, link: linked });
const draw = frames(drawAll);
let charted = -1;

/** For tests and for the curious: the feed that this page shows. */
globalThis.touchline = { feed };

function took(message) {
  if (message.type === "pong") return;
  document.title = `${titleOf(feed.state)} · Touchline`;
  draw();
}

function linked() {
  draw();
}

function drawAll() {
  const { state } = feed;
  const found = cause(feed, Date.now());
  scoreHeader.draw(state, pill(found), feed.wall());
  scoreHeader.tick(state, feed.wall());
  drawBanner(byId("banner"), found, Date.now(), () => feed.retry());
  drawPage(byId("page-facts"), feed);
  byId("to-report").hidden = !state.event || !reportsCount(state, feed.wall());
  openClaims.draw(state, feed.wall());
  if (!state.joined || charted === state.version) return;
  charted = state.version;
  drawFeed();
  drawSport(byId("sport-pane"), state);
  drawStatistics(byId("stats-pane"), state);
  nameTab(state);
  drawCharts();
}

function pill(found) {
  const words = {
    offline: ["Offline", "bad"],
    gateway_lost: ["Not connected", "bad"],
    closed: ["Closed", "bad"],
    venue_lost: ["Suspended", "warn"],
    host_lost: ["Host lost", "bad"],
    link_lost: ["Gateway cut off", "bad"],
    silent: ["Stale", "bad"],
    host_trouble: ["Host in trouble", "warn"],
    waiting: ["Waiting", ""],
    failed: ["Failed", "bad"],
  };
  if (found) return words[found.kind] ?? null;
  const { state } = feed;
  const begun = state.entries.length > 0 || state.finished;
  if (!begun && state.event?.status === "scheduled") return ["To come", ""];
  return null;
}

function drawFeed() {
  const { state } = feed;
  const log = byId("feed");
  const { rows: shown, more } = rows(state, wish);
  keyed(byId("lines"), shown);
  byId("empty").hidden = shown.length > 0;
  byId("earlier").hidden = !more;
  // What was there before is not read out; what comes now is.
  if (log.getAttribute("aria-busy") === "true")
    setTimeout(() => log.setAttribute("aria-busy", "false"), 100);
}

/** Name the second tab after what it shows; it goes where there is nothing. */
function nameTab(state) {
  const none = byId("sport-pane").hidden && byId("stats-pane").hidden;
  const title = byId("sport-pane").hidden
    ? "Figures"
    : byId("sport-pane").querySelector("h2").textContent;
  const short = byId("sport-pane").querySelector(".leaders") ? "Table" : "Players";
  fill(byId("tab-beside"), title.length > 10 ? short : title);
  byId("tab-beside").parentElement.hidden = none;
  byId("tabs").hidden = !state.entries.length && none;
}

function drawCharts() {
  const { state } = feed;
  byId("chart-pane").hidden = false;
  byId("chart-pane").hidden = !drawMatch(byId("chart"), byId("chart-words"), state);
  byId("agreement-pane").hidden = false;
  byId("agreement-pane").hidden = !drawAgreement(byId("agreement"), byId("agreement-words"), state);
  drawDelays(byId("delay"), state);
}

function again() {
  charted = -1;
  draw();
}

byId("to-report").href = `/report/${encodeURIComponent(id)}`;
byId("earlier").addEventListener("click", () => {
  wish.most += PAGE;
  again();
});
byId("filter").addEventListener("change", (event) => {
  wish.key = event.target.value === "key";
  wish.most = PAGE;
  again();
});
byId("tabs").addEventListener("change", (event) => {
  document.body.dataset.tab = event.target.value;
  again(); // charts have a width only while they can be seen
});
watchWidth(byId("main"), again);
setInterval(drawAll, 1000);
accuracyOf(id).then((found) => drawAccuracy(byId("accuracy-pane"), found));
attend(feed);
feed.open();
