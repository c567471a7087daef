// The page on which events are found.

import { byId, el, fill, keyed, say } from "./dom.js";
import { endedWord, endingText } from "./ending.js";
import { capital, day, dayName, sentence } from "./formatting.js";
import { standings } from "./standings.js";
import { LANGUAGE, tr, trn } from "./texts.js";

/** Milliseconds after the last key before the search begins. */
const PAUSE = 180;

/** Milliseconds between looks at what is shown. */
const AGAIN = 10_000;

const LIMIT = 20;

/** The most sports or competitions that are offered, those of the first events; words find others. */
const CHOICES = 12;

/** An event that is hosted is about to start when it is no more milliseconds until then. */
const SOON = 3_600_000;

/** The reasons that reporters are offered for an interruption; any other is as it was typed. */
const REASONS = {
  injury: tr("injury"),
  medical: tr("medical"),
  water: tr("water"),
  weather: tr("weather"),
  crowd: tr("crowd"),
  technical: tr("technical"),
};

const FILTERS = ["text", "status", "sport", "competition"];

const form = byId("search");
const scores = new Map(); // what each event's score was when it was last asked for
// What can be chosen among the events that were ever shown, by value: its name.
const choices = { sport: new Map(), competition: new Map() };
let shown = [];
let cursor = "";
let asked = 0;
let timer = 0;
let tabled = ""; // the table that is drawn

function wanted() {
  const fields = new FormData(form);
  const found = FILTERS.map((name) => [name, String(fields.get(name) ?? "").trim()]);
  return Object.fromEntries(found.filter(([, value]) => value));
}

async function search({ more = false } = {}) {
  const turn = ++asked;
  const filters = wanted();
  const limit = String(more ? LIMIT : Math.max(LIMIT, Math.min(100, shown.length)));
  const query = { ...filters, limit };
  if (more && cursor) query.cursor = cursor;
  try {
    // What is live comes first, wherever it stands among all.
    const asks = more || filters.text || filters.status ? [query] : [query, { ...query, status: "live" }];
    const [body, live] = await Promise.all(asks.map(ask));
    if (turn !== asked) return; // something newer was typed meanwhile
    const found = merged(body.events, live?.events ?? []);
    show({ events: more ? merged(shown, found) : found, cursor: body.cursor });
    askScores(turn);
    askStandings(turn);
  } catch (error) {
    if (turn !== asked) return;
    const why = error instanceof TypeError ? tr("The gateway can't be reached.") : error.message;
    say(byId("said"), `${why} ${tr("It is tried again in a moment.")}`);
  }
}

async function ask(query) {
  const answer = await fetch(`/api/events?${new URLSearchParams({ ...query, lang: LANGUAGE })}`);
  const body = await answer.json();
  if (!answer.ok) throw new Error(body.reason ?? answer.statusText);
  return body;
}

function merged(some, others) {
  const all = new Map([...some, ...others].map((card) => [card.event, card]));
  return [...all.values()];
}

function show({ events, cursor: next = "" }) {
  shown = events;
  cursor = next ?? "";
  for (const card of events)
    choices.sport.set(card.sport, card.presentation?.text ?? capital(card.sport ?? ""));
  for (const { competition } of events) if (competition) know(competition);
  offer("sport", tr("All sports"));
  offer("competition", tr("All competitions"));
  say(byId("said"), words(wanted()));
  draw();
}

/** Know a competition under one of the ways in which its name is written. */
function know(name) {
  const same = [...choices.competition.keys()].some((known) => fold(known) === fold(name));
  if (!same) choices.competition.set(name, name);
}

function fold(name) {
  return name.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}

/** Offer the sports or competitions of which there is something, where there are several. */
function offer(filter, all) {
  const chosen = wanted()[filter] ?? "";
  const known = [...choices[filter]]
    .filter(([name], at) => at < CHOICES || name === chosen)
    .sort(([, one], [, other]) => one.localeCompare(other));
  byId(`${filter}s`).hidden = known.length < (filter === "sport" ? 2 : 1) && !chosen;
  keyed(
    byId(`${filter}s-list`),
    [["", all], ...known].map(([name, text]) => ({
      key: `s${name}`,
      version: text,
      draw: () =>
        el(
          "label",
          {},
          el("input", { type: "radio", name: filter, value: name, checked: name === chosen }),
          el("span", {}, text),
        ),
    })),
  );
}

function words({ text, status }) {
  const n = shown.length;
  const found = {
    live: [tr("There are no live events."), trn("{n} live event", "{n} live events", n)],
    scheduled: [tr("There are no coming events."), trn("{n} coming event", "{n} coming events", n)],
    finished: [
      tr("There are no finished events."),
      trn("{n} finished event", "{n} finished events", n),
    ],
    "": [tr("There are no events."), trn("{n} event", "{n} events", n)],
  };
  const [none, some] = found[status ?? ""] ?? found[""];
  if (!n) return text ? tr("Nothing like that is called “{text}”.", { text }) : none;
  const plus = cursor ? "+" : "";
  return text ? tr("{n} found for “{text}”", { n: `${n}${plus}`, text }) : some + plus;
}

async function askScores(turn) {
  for (const card of shown) {
    if (turn !== asked) return;
    if (card.live || card.status === "scheduled") continue;
    if (card.status === "finished" && scores.has(card.event)) continue;
    try {
      const answer = await fetch(`/api/events/${encodeURIComponent(card.event)}/score`);
      if (answer.ok) scores.set(card.event, await answer.json());
    } catch {
      return; // the next look asks again
    }
    if (turn === asked) draw();
  }
}

/** Ask for the table of the competition that is chosen. */
async function askStandings(turn) {
  const { competition, text } = wanted();
  let table = null;
  if (competition && !text) {
    try {
      const query = new URLSearchParams({ lang: LANGUAGE });
      const answer = await fetch(`/api/competitions/${encodeURIComponent(competition)}?${query}`);
      if (answer.ok) table = await answer.json();
    } catch {
      return; // the next look asks again
    }
  }
  if (turn === asked) drawStandings(table);
}

function drawStandings(table) {
  const text = JSON.stringify(table);
  if (text === tabled) return;
  tabled = text;
  fill(byId("standings"), table && standings(table));
}

function draw() {
  keyed(
    byId("results"),
    grouped().flatMap(({ title, cards }) => [
      ...(title ? [{ key: `h ${title}`, version: title, draw: () => el("li.group", {}, el("h2", {}, title)) }] : []),
      ...cards.map((card) => ({
        key: card.event,
        version: JSON.stringify([card.status, card.title, card.hosted, known(card)?.headline, course(card)]),
        draw: () => result(card),
      })),
    ]),
  );
  byId("more").hidden = !cursor;
}

/** Return what is shown in groups: live, then by day as it comes, then what is over, the last first. */
function grouped() {
  if (wanted().text) return [{ title: "", cards: shown }]; // best match first
  const of = { live: [], scheduled: [], finished: [] };
  for (const card of shown) (of[stage(card)] ?? of.scheduled).push(card);
  const at = (card) => Date.parse(card.starts ?? card.created ?? "") || 0;
  of.live.sort((one, other) => at(other) - at(one));
  of.scheduled.sort((one, other) => at(one) - at(other));
  of.finished.sort((one, other) => at(other) - at(one));
  const groups = of.live.length ? [{ title: tr("Live"), cards: of.live }] : [];
  for (const name of ["scheduled", "finished"]) {
    for (const card of of[name]) {
      const when = card.starts ? dayName(card.starts) : tr("Without a time");
      const title = name === "finished" ? tr("Over · {when}", { when }) : when;
      if (groups.at(-1)?.title === title) groups.at(-1).cards.push(card);
      else groups.push({ title, cards: [card] });
    }
  }
  return groups;
}

/** Return the stage of an event: it is live once something has happened. */
function stage(card) {
  const stand = known(card);
  if (card.status === "live" && stand && !stand.seq && !stand.finished) return "scheduled";
  return card.status;
}

/** Return where an event stands, as far as the gateway follows it or was asked; undefined otherwise. */
function known(card) {
  return card.live ?? scores.get(card.event);
}

/** Return why an event ended before its end, or play does not go on now; empty otherwise. */
function course(card) {
  const { ending, interrupted } = known(card) ?? {};
  if (ending?.how || ending?.reason) return sentence(endingText(ending));
  if (!interrupted) return "";
  const reason = REASONS[interrupted.reason] ?? interrupted.reason;
  return reason ? sentence(tr("Play is interrupted: {reason}", { reason })) : tr("Play is interrupted.");
}

function result(card) {
  const sides = card.origins ?? [];
  const stand = stage(card) !== "scheduled" && known(card);
  const figures =
    sides.length === 2 ? sides.map((side, at) => figuresOf(card.presentation?.score, stand?.score, side, at)) : [];
  const about = [
    card.presentation?.text ?? capital(card.sport ?? ""),
    card.competition,
    card.round,
    sides.length > 2 && trn("{n} side", "{n} sides", sides.length),
    day(card.starts),
    card.venue,
  ];
  // Two sides say more than a title that only names them.
  const named = sides.length === 2 && sides.every((side) => card.title.includes(side));
  return el(
    "li.result",
    {},
    el(
      "p.about",
      {},
      el(
        "a",
        {
          href: `/events/${encodeURIComponent(card.event)}`,
          class: named && stand ? "small" : null,
        },
        card.title,
      ),
      status(card),
    ),
    sides.length === 2 && (!named || stand)
      ? el(
          "ul.pair",
          {},
          sides.map((side, at) => row(side, figures[at], stand?.score)),
        )
      : stand?.headline && el("p.headline", {}, stand.headline),
    course(card) && el("p.course", {}, course(card)),
    el("p.more", {}, about.filter(Boolean).join(" · ")),
  );
}

function row(side, figures, score) {
  const won = score?.winner === side;
  return el(
    won ? "li.won" : "li",
    {},
    el("span", {}, side),
    el(
      "span.figures",
      {},
      figures.map((one, at) => el(at === figures.length - 1 ? "b" : "span", {}, one)),
    ),
  );
}

/** Return a side's figures, the newest last: its count, or what it has set by set. */
function figuresOf(layout, score, side, at) {
  if (!score || !layout) return [];
  if (layout.kind === "sets") {
    const sets = (score[layout.sets] ?? []).map((set) => set[at]);
    return score.winner ? sets : [...sets, score[layout.columns[0].key]?.[side] ?? 0];
  }
  const [counts, further] = [score[layout.counts], score[layout.extra]];
  return counts ? [counts[side] ?? 0, ...(further ? [`(${further[side] ?? 0})`] : [])] : [];
}

function status(card) {
  if (card.status === "live" && !card.hosted) return el("span.status", {}, tr("No contact"));
  const ending = known(card)?.ending;
  const over = ending?.how ? endedWord(ending) : tr("Over");
  const now = stage(card);
  const ahead = Date.parse(card.starts ?? NaN) - Date.now() > SOON;
  const soon = card.status === "live" && !ahead ? tr("About to start") : tr("To come");
  const text = { live: tr("Live"), scheduled: soon, finished: over }[now] ?? card.status;
  const dot = now === "live" && el("span.live-dot.beating", { "aria-hidden": "true" });
  return el(`span.status.${now}`, {}, dot, text);
}

/** Keep the filters in the address, so that it can be shared, and Back leads to the same list. */
function keep() {
  const query = new URLSearchParams(wanted()).toString();
  history.replaceState(null, "", query ? `/?${query}` : "/");
}

function restore() {
  const query = new URLSearchParams(location.search);
  byId("text").value = query.get("text") ?? "";
  const status = form.querySelector(`[name="status"][value="${CSS.escape(query.get("status") ?? "")}"]`);
  if (status) status.checked = true;
  for (const filter of ["sport", "competition"]) {
    const value = query.get(filter);
    if (!value) continue;
    choices[filter].set(value, filter === "sport" ? capital(value) : value);
    offer(filter, "");
    const chosen = byId(`${filter}s`).querySelector(`[value="${CSS.escape(value)}"]`);
    if (chosen) chosen.checked = true;
  }
}

function soon() {
  clearTimeout(timer);
  keep();
  timer = setTimeout(search, PAUSE);
}

form.addEventListener("input", soon);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  search();
});
byId("more").addEventListener("click", () => search({ more: true }));
addEventListener("keydown", (event) => {
  // "/" goes to the search, arrows walk through what was found.
  if (event.key === "/" && document.activeElement !== byId("text")) {
    event.preventDefault();
    byId("text").focus();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    walk(event);
  }
});

function walk(event) {
  const links = [...document.querySelectorAll(".result a")];
  const place = links.indexOf(document.activeElement);
  if (document.activeElement !== byId("text") && place < 0) return;
  const next = place + (event.key === "ArrowDown" ? 1 : -1);
  event.preventDefault();
  if (next < 0) byId("text").focus();
  else links[Math.min(next, links.length - 1)]?.focus();
}

restore();
const first = document.getElementById("first");
const narrowed = Object.keys(wanted()).some((name) => name !== "competition");
if (first && !narrowed) {
  const found = JSON.parse(first.textContent);
  show(found);
  drawStandings(found.standings);
}

setInterval(() => document.hidden || search(), AGAIN);
addEventListener("online", () => search());
addEventListener("pageshow", () => search());
