// The score at the head of a page, as each sport reads.

import { el, fill, svg } from "./dom.js";
import { interrupted, notes } from "./course.js";
import { endedWord } from "./ending.js";
import { unconfirmed, unconfirmedOrigins } from "./entry_text.js";
import { icon } from "./icons.js";
import { scorers } from "./lineup.js";
import { clock } from "./clock.js";
import { capital, countdown, longDay, monogram, timeOfDay } from "./formatting.js";
import { figure, pair, shown } from "./presentation.js";
import { standing } from "./state.js";
import { tr, trn } from "./texts.js";

/** The rows that the head shows of a contest of many. */
const PODIUM = 3;

const PILLS = {
  live: [tr("Live"), "live"],
  suspended: [tr("No contact"), "warn"],
  reconstructing: [tr("Catching up"), "warn"],
  finished: [tr("Final"), ""],
};

/** The score of one event; `draw` when something came, `tick` each second. */
export class ScoreHeader {
  /** @param {Element} root where it is drawn */
  constructor(root) {
    this.root = root;
    this.drawn = "";
    this.clock = null;
  }

  /**
   * Draw what the state says.
   * @param {object} state
   * @param {string} pill what to say instead of the state of the feed: [text, kind] or null
   * @param {number} wall milliseconds since 1970, on the gateway's clock
   */
  draw(state, pill, wall) {
    const { score: layout, clock: format } = shown(state);
    const said = notes(state, wall);
    const text = JSON.stringify([
      state.version,
      state.mode,
      state.event?.event,
      state.ready,
      layout.kind,
      pill,
      said,
      whenWords(state, wall),
    ]);
    if (text === this.drawn || !state.event) return;
    this.drawn = text;
    const card = state.event;
    const sides = card.origins ?? [];
    // While entries of before are not here, who scored in them is as the page came with it.
    const listed = state.earlier ? this.root.querySelector(".scorers") : scored(state, layout);
    fill(
      this.root,
      ground(layout),
      el(
        "div.hero-inner",
        {},
        above(state, pill),
        whenWhere(state, wall),
        draw(state, layout, sides, wall, listed),
        unsure(state),
        said.map(note),
        layout.kind !== "sides" &&
          format.kind !== "none" &&
          el("p.below-podium", {}, el("span.clock"), el("span", {}, summary(state, layout))),
      ),
    );
    this.clock = this.root.querySelector(".clock");
  }

  /** Show the match clock. */
  tick(state, wall) {
    if (!this.clock || !state.event) return;
    const { clock: time, part } = clock(state, wall);
    const waiting = !state.ready && !state.entries.length;
    const words = waiting || part === "On" ? "" : part;
    const text = `${time}|${words}`;
    if (this.clock.dataset.text === text) return;
    this.clock.dataset.text = text;
    fill(this.clock, time, time && words && " ", words && el("span.part", {}, words));
  }
}

function above(state, pill) {
  const card = state.event;
  const [text, kind] = pill ?? pillOf(state);
  const beating = kind === "live" && el("span.live-dot.beating", { "aria-hidden": "true" });
  const there = state.ready && !state.finished ? trn("{n} at the ground", "{n} at the ground", state.present) : "";
  return el(
    "div.above",
    {},
    el("h1", {}, [shown(state).text, card.title].filter(Boolean).join(" · ")),
    el("span.pill", { class: `pill ${kind}`, title: there }, beating, text),
  );
}

function whenWhere(state, wall) {
  const { when, until, lasted } = whenWords(state, wall);
  const { starts, venue, competition, round } = state.event;
  const parts = [
    when && el("time", { datetime: starts }, capital(when)),
    venue,
    competition && [
      el("a", { href: `/?${new URLSearchParams({ competition })}` }, competition),
      round && `, ${round}`,
    ],
    until && el("span.until", {}, until),
    lasted && tr("lasted {time}", { time: lasted }),
  ].filter(Boolean);
  if (!parts.length) return null;
  return el("p.when-where", {}, parts.map((part, at) => [at > 0 && " · ", part]));
}

/** Return when an event starts, until then how long that is, and in the end how long it took. */
function whenWords(state, wall) {
  const { starts } = state.event ?? {};
  const begun = state.entries.length > 0 || state.finished;
  const until = begun || !starts ? "" : countdown(Date.parse(starts) - wall);
  return { when: longDay(starts), until, lasted: lasted(state) };
}

/** Return how long what is over took, from its first entry to its last; empty where it isn't known. */
function lasted(state) {
  const lines = state.earlier || !state.finished ? [] : standing(state);
  if (lines.length < 2) return "";
  const took = Date.parse(lines.at(-1).entry.time) - Date.parse(lines[0].entry.time);
  const minutes = Math.round(took / 60_000);
  if (minutes < 1) return "";
  return minutes < 60
    ? tr("{minutes} min", { minutes })
    : tr("{hours} h {minutes} min", { hours: Math.floor(minutes / 60), minutes: minutes % 60 });
}

function pillOf(state) {
  if (state.ending) return [endedWord(state.ending), ""];
  if (state.mode === "live" && interrupted(state)) return [tr("Interrupted"), "warn"];
  return PILLS[state.mode] ?? PILLS.live;
}

function note({ pill, text }) {
  return el("p.unsure", {}, pill && el("span.pill.warn", {}, pill), text && el("span", {}, text));
}

function unsure(state) {
  const found = unconfirmed(state);
  if (!found) return null;
  const { words, ...evidence } = found;
  return el(
    "p.unsure",
    {},
    el("span.pill.warn", {}, tr("Unconfirmed")),
    el("span", {}, `${words}, ${tr("{voices} of {present} say so", evidence)}`),
  );
}

/** Draw the score as the sport lays it out. */
function draw(state, layout, sides, wall, listed) {
  if (sides.length !== 2 || layout.kind === "leaderboard") return many(state);
  return layout.kind === "sets" ? scoreboard(state, layout, sides) : versus(state, layout, sides, wall, listed);
}

function versus(state, layout, sides, wall, listed) {
  const counts = state.score?.[layout.counts] ?? {};
  const points = sides.map((one) => counts[one] ?? 0);
  const { starts } = state.event;
  const ahead = !state.entries.length && !state.finished && Date.parse(starts ?? NaN) > wall;
  const further = pair(state, state.score, layout.extra);
  const under = further && layout.extra_text.replace("{}", further);
  const digits = Math.max(...points.map((one) => String(one).length));
  const width = ["", "", ".two", ".three"][digits] ?? ".four";
  return [
    el(
      "div.sides",
      {},
      side(sides[0], "home"),
      el(
        "div.result-figures",
        {},
        el("p.visually-hidden", {}, lineOf(state)),
        ahead
          ? el("p.figures.three", { "aria-hidden": "true" }, timeOfDay(starts).slice(0, 5))
          : el(
              `p.figures${width}`,
              { "aria-hidden": "true" },
              figure(points[0]),
              el("span.dash", {}, "–"),
              figure(points[1]),
            ),
        under && el("p.under-figures", {}, under),
        el("p.clock"),
      ),
      side(sides[1], "away"),
    ),
    listed,
  ];
}

function side(name, where) {
  return el(
    `div.side.${where}`,
    {},
    el("span.badge", { "aria-hidden": "true" }, monogram(name)),
    el("span.name", {}, name),
  );
}

function scored(state, layout) {
  const [home, away] = scorers(state);
  if (!home?.length && !away?.length) return null;
  const list = (names) =>
    el(
      "ul",
      {},
      names.map((name) => el("li", {}, name)),
    );
  return el(
    "div.scorers",
    { "aria-label": tr("Scorers"), role: "group" },
    list(home),
    icon(layout.scorers.action, shown(state).drawings),
    list(away),
  );
}

function scoreboard(state, layout, sides) {
  const score = state.score ?? {};
  const previous = score[layout.sets] ?? [];
  const columns = score.winner ? [] : layout.columns;
  const heads = previous.map((_, number) =>
    el("th", { scope: "col" }, el("span.set-word", {}, `${layout.set_text} `), number + 1),
  );
  const row = (name, at) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, server(score, name), name),
      previous.map((games, number) => set(games, score[layout.small]?.[number], at)),
      columns.map(({ key, now }) =>
        el(now === "games" ? "td.now" : "td.points", {}, score[key]?.[name] ?? 0),
      ),
    );
  return el(
    "table.scoreboard",
    {},
    el("caption.visually-hidden", {}, lineOf(state)),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("td", {}),
        heads,
        columns.map(({ text, flag, flagged }) =>
          el("th", { scope: "col" }, flag && score[flag] ? flagged : text),
        ),
      ),
    ),
    el("tbody", {}, sides.map(row)),
  );
}

function server(score, name) {
  if (score.winner === name)
    return el("span.serves.won", {}, "✓", el("span.visually-hidden", {}, " winner:"));
  const serves = score.server === name;
  return el(
    serves ? "span.serves.on" : "span.serves",
    { title: serves ? tr("serves") : null },
    serves && el("span.visually-hidden", {}, tr("serves:")),
  );
}

function set(games, tiebreak, at) {
  const [mine, theirs] = [games[at], games[1 - at]];
  const lost = tiebreak?.length && mine < theirs ? tiebreak[at] : null;
  return el(mine > theirs ? "td.won" : "td", {}, mine, lost !== null && el("sup", {}, lost));
}

function many(state) {
  const rows = leaders(state).slice(0, PODIUM);
  if (!rows.length) return el("p.under-figures", {}, lineOf(state));
  return el(
    "ol.podium",
    {},
    rows.map((row) =>
      el(
        "li",
        {},
        el("span.place", {}, row.place ?? "–"),
        el("span", {}, row.name, row.unsure && el("span.tag.provisional", {}, tr("unconfirmed"))),
        el("span", {}, row.figure),
      ),
    ),
  );
}

/**
 * Return the rows of a contest of many sides, the first first.
 * @returns {Array<{place: number|null, name: string, figure: string, gap: string, status: string,
 *   unsure: boolean}>} `unsure`: its place rests on what is not confirmed
 */
export function leaders(state) {
  const score = state.score ?? {};
  const { counts, table } = shown(state).score;
  const unsure = unconfirmedOrigins(state);
  if (table?.rows) return timed(score[table.rows] ?? [], table, unsure);
  const found = score[counts];
  if (!found) return [];
  const ranked = Object.entries(found).sort((a, b) => b[1] - a[1]);
  return ranked.map(([name, points]) => ({
    place: ranked.findIndex((one) => one[1] === points) + 1,
    name,
    figure: String(points),
    gap: points === ranked[0][1] ? "" : `−${ranked[0][1] - points}`,
    status: "",
    unsure: unsure.has(name),
  }));
}

function timed(rows, table, unsure) {
  const first = rows[0]?.time ?? null;
  return rows.map((row) => ({
    place: row.place,
    name: row[table.who],
    figure: row.time === null ? (row.at ?? "") : timeTaken(row.time),
    gap: gap(row, first),
    status: row.status,
    unsure: unsure.has(row[table.who]),
  }));
}

/** Return how far a row is behind the first one, on the way behind the first at that point. */
function gap(row, first) {
  const behind = row.time === null ? row.gap : first && row.time - first;
  return behind ? `+${timeTaken(behind)}` : "";
}

/** Return seconds as runners read them: 9.58, 12:34.5, 2:03:15. */
export function timeTaken(seconds) {
  const thousandths = Math.round(seconds * 1000);
  const whole = Math.floor(thousandths / 1000);
  const rest = String(thousandths % 1000)
    .padStart(3, "0")
    .replace(/0+$/, "");
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const tail = rest ? `.${rest}` : "";
  if (hours) return `${hours}:${two(minutes)}:${two(whole % 60)}${tail}`;
  return minutes ? `${minutes}:${two(whole % 60)}${tail}` : `${whole}${tail}`;
}

/** Return what is said below the score; empty as long as it is not known. */
function summary(state, { summary: template = "" }) {
  const score = state.score ?? {};
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  if (names.some((name) => score[name] === undefined)) return "";
  return template.replaceAll(/\{(\w+)\}/g, (_, name) => score[name]);
}

/** Return the score as the title of the window. */
export function titleOf(state) {
  const { kind, counts } = shown(state).score;
  const found = kind === "sides" && pair(state, state.score, counts);
  if (!found) return lineOf(state) || state.event?.title || "Touchline";
  const [home, away] = state.event.origins;
  return `${home} ${found} ${away}`;
}

/**
 * Return the score in a line, of names and figures alone, so that it reads in every language. What a
 * host says in English is taken where there is nothing of the kind.
 */
export function lineOf(state) {
  const layout = shown(state).score;
  const { score = {}, event } = state;
  const [home, away, ...more] = event?.origins ?? [];
  const two = away !== undefined && !more.length;
  if (layout.kind === "sets" && two) {
    const sets = (score[layout.sets] ?? []).map((one) => one.join("–"));
    const columns = score.winner ? [] : layout.columns;
    const now = columns.map(({ key }) => pair(state, score, key)).filter(Boolean);
    return [home, ...sets, ...now, away].join(" ");
  }
  const counted = layout.kind === "sides" && pair(state, score, layout.counts);
  if (counted) {
    const extra = layout.extra && pair(state, score, layout.extra);
    return `${home} ${counted} ${away}${extra ? `, ${layout.extra_text.replace("{}", extra)}` : ""}`;
  }
  const placed = leaders(state).filter((row) => row.place).slice(0, PODIUM);
  const line = placed.map((row) => `${row.place}. ${row.name} ${row.figure}`.trim()).join(" · ");
  return line || (score[layout.table?.rows] ? "" : state.headline);
}

/** The lines on the ground, faint behind the score. */
function ground(layout) {
  return svg(
    "svg.ground",
    { viewBox: "0 0 1000 300", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" },
    svg("path", { d: layout.ground ?? "", fill: "none", stroke: "#fff", "stroke-width": 3 }),
  );
}
