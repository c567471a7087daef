// The page of one event.

import { historyOf } from "./history.js";
import { accuracyOf, drawAccuracy } from "./accuracy.js";
import { cause, drawBanner } from "./banner.js";
import { drawAgreement, drawDelays, drawMatch, watchWidth } from "./charts.js";
import { OpenClaims } from "./open_claims.js";
import { byId, fill, frames, keyed, say, turns } from "./dom.js";
import { reportsCount } from "./ending.js";
import { attend, Feed, feedUrl } from "./feed.js";
import { takeEarlier } from "./kinds.js";
import { ScoreHeader, titleOf } from "./score_header.js";
import { drawPage, drawSport, drawStatistics } from "./side_panels.js";
import { rows } from "./timeline.js";
import { LANGUAGE, tr } from "./texts.js";

/** Rows of the feed at first, and how many more each time. */
const PAGE = 60;

/** Entries of a snapshot; the timeline has the earlier ones, which come so many at a time. */
const SNAPSHOT = 150;
const EARLIER = 500;

/** An event of no more entries is fetched whole, so that its line-ups and figures are. */
const WHOLE = 1_000;

const id = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
const wish = { most: PAGE, key: false };
const scoreHeader = new ScoreHeader(byId("hero"));
const openClaims = new OpenClaims(byId("claims"), byId("aloud"));
const feed = new Feed(feedUrl(id), { message: took, link: linked });
const draw = frames(drawAll);
const drawPanes = turns([
  drawFeed,
  () => {
    drawSport(byId("sport-pane"), feed.state);
    nameTab(feed.state);
  },
  () => {
    drawStatistics(byId("stats-pane"), feed.state);
    nameTab(feed.state);
  },
  drawCharts,
  appear, // when all is in its place: nothing moves then
]);
let charted = -1;
let fetching = false;
feed.most = SNAPSHOT;

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
  if (state.earlier && state.entries.length + state.earlier <= WHOLE) fetchEarlier();
  drawPanes();
}

/** Show what the first draw would have moved. */
function appear() {
  delete document.body.dataset.waiting;
  delete document.body.dataset.drawing;
  byId("site-pane").hidden = byId("page-pane").hidden = false;
}

function pill(found) {
  const words = {
    offline: [tr("Offline"), "bad"],
    gateway_lost: [tr("Not connected"), "bad"],
    closed: [tr("Closed"), "bad"],
    venue_lost: [tr("No contact"), "warn"],
    host_lost: [tr("No contact"), "bad"],
    relay_lost: [tr("No contact"), "bad"],
    link_lost: [tr("No contact"), "bad"],
    silent: [tr("No contact"), "bad"],
    host_trouble: [tr("In trouble"), "warn"],
    waiting: [tr("To come"), ""],
    failed: [tr("Failed"), "bad"],
  };
  if (found) return words[found.kind] ?? null;
  const { state } = feed;
  // It is live once something has happened, not when somebody listens.
  if (state.entries.length > 0 || state.finished) return null;
  return [tr("To come"), ""];
}

function drawFeed() {
  const { state } = feed;
  const log = byId("feed");
  const { rows: shown, more } = rows(state, { ...wish, history: (entry) => historyOf(id, entry) });
  keyed(byId("lines"), shown);
  byId("empty").hidden = shown.length > 0;
  byId("earlier").hidden = !more && !state.earlier;
  // What was there before is not read out; what comes now is.
  if (log.getAttribute("aria-busy") === "true")
    setTimeout(() => log.setAttribute("aria-busy", "false"), 100);
}

/** Name the second tab after what it shows; it goes where there is nothing. */
function nameTab(state) {
  const none = byId("sport-pane").hidden && byId("stats-pane").hidden;
  const title = byId("sport-pane").hidden
    ? tr("Figures")
    : byId("sport-pane").querySelector("h2").textContent;
  const short = byId("sport-pane").querySelector(".leaders") ? tr("Table") : tr("Players");
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

/** Fetch the entries before the first that is here. */
async function fetchEarlier() {
  const { state } = feed;
  if (fetching || !state.earlier) return;
  fetching = true;
  // A few that are here already come again: places move when something late is put before them.
  const from = Math.max(1, state.earlier - EARLIER + 1);
  const query = new URLSearchParams({ from, limit: state.earlier - from + 1 + 5 });
  try {
    const answer = await fetch(`/api/events/${encodeURIComponent(id)}/timeline?${query}`);
    if (answer.ok) takeEarlier(state, (await answer.json()).entries, from - 1);
  } catch {
    // The button is still there.
  }
  fetching = false;
  draw();
}

function again() {
  charted = -1;
  draw();
}

/** Give the page's address to the system's own list of where to, or to the clipboard. */
async function share() {
  const { href } = location;
  try {
    if (navigator.share) await navigator.share({ title: titleOf(feed.state), url: href });
    else await copied(href);
  } catch (error) {
    if (error.name !== "AbortError") await copied(href);
  }
}

async function copied(text) {
  const button = byId("share");
  try {
    await navigator.clipboard.writeText(text);
    say(button, tr("Link copied"));
    say(byId("aloud"), tr("Link copied"));
  } catch {
    say(button, tr("Not copied")); // without a clipboard the address bar has it
  }
  setTimeout(() => say(button, tr("Share")), 2500);
}

byId("share").addEventListener("click", share);
byId("to-rss").href = `/rss/events/${encodeURIComponent(id)}?lang=${LANGUAGE}`;
byId("embed-code").value =
  `<script async src="${location.origin}/embed.js" data-event="${id}"></script>`;
byId("to-report").href = `/report/${encodeURIComponent(id)}`;
byId("earlier").addEventListener("click", async () => {
  wish.most += PAGE;
  if (feed.state.earlier && wish.most > feed.state.entries.length) await fetchEarlier();
  again();
});
byId("page-pane").addEventListener("toggle", again);
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
const first = document.getElementById("first");
inTurn([
  ...(first ? [() => feed.begin(JSON.parse(first.textContent)), drawAll] : []),
  () => {
    attend(feed); // which opens it as well, and would not know what came with the page before
    feed.open();
  },
]);

/** Do steps one after the other, each in a task of its own: this script is one already. */
function inTurn([step, ...rest]) {
  setTimeout(() => {
    step();
    if (rest.length) inTurn(rest);
  });
}
