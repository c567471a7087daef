// The score at the head of a page, as each sport reads.

import { el, fill, svg } from "./dom.js";
import { icon } from "./icons.js";
import { scorers } from "./lineup.js";
import { goalsText } from "./entry_text.js";
import { clock } from "./clock.js";
import { monogram, sportName } from "./formatting.js";

/** The rows that the head shows of a contest of many. */
const PODIUM = 3;

const PILLS = {
  live: ["Live", "live"],
  suspended: ["Suspended", "warn"],
  reconstructing: ["Reconstructing", "warn"],
  finished: ["Finished", ""],
};

/** The score of one event; `draw` when something came, `tick` each second. */
export class Hero {
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
   */
  draw(state, pill) {
    const shown = JSON.stringify([
      state.version,
      state.mode,
      state.event?.event,
      state.ready,
      pill,
    ]);
    if (shown === this.drawn || !state.event) return;
    this.drawn = shown;
    const card = state.event;
    const sides = card.origins ?? [];
    const two = sides.length === 2;
    fill(
      this.root,
      ground(card.sport),
      el(
        "div.hero-inner",
        {},
        above(state, pill),
        card.sport === "tennis" && two
          ? tennis(state, sides)
          : two
            ? versus(state, sides)
            : many(state),
        (card.sport === "tennis" || card.sport === "race") &&
          el("p.below-podium", {}, el("span.clock"), el("span", {}, counted(state))),
      ),
    );
    this.clock = this.root.querySelector(".clock");
  }

  /** Show the match clock. */
  tick(state, wall) {
    if (!this.clock || !state.event) return;
    const { clock: time, part } = clock(state, wall);
    const waiting = !state.ready && !state.entries.length;
    const words = waiting ? "" : part === "On" ? "" : part;
    const text = `${time}|${words}`;
    if (this.clock.dataset.text === text) return;
    this.clock.dataset.text = text;
    fill(this.clock, time, time && words && " ", words && el("span.part", {}, words));
  }
}

function above(state, pill) {
  const card = state.event;
  const [text, kind] = pill ?? PILLS[state.mode] ?? PILLS.live;
  const beating = kind === "live" && el("span.live-dot.beating", { "aria-hidden": "true" });
  const there = state.ready && !state.finished ? `${state.present} at the ground` : "";
  return el(
    "div.above",
    {},
    el("h1", {}, [sportName(card), card.title].filter(Boolean).join(" · ")),
    el("span.pill", { class: `pill ${kind}`, title: there }, beating, text),
  );
}

function versus(state, sides) {
  const points = figures(state, sides);
  const kicks = state.score?.shootout;
  const under = kicks ? `(${sides.map((one) => kicks[one] ?? 0).join("–")} on penalties)` : "";
  const wide = points.some((one) => String(one).length > 2);
  return [
    el(
      "div.sides",
      {},
      side(sides[0], "home"),
      el(
        "div.result-figures",
        {},
        el("p.visually-hidden", {}, state.headline),
        el(
          wide ? "p.figures.three" : "p.figures",
          { "aria-hidden": "true" },
          points[0],
          el("span.dash", {}, "–"),
          points[1],
        ),
        under && el("p.under-figures", {}, under),
        el("p.clock"),
      ),
      side(sides[1], "away"),
    ),
    state.event.sport === "football" && scored(state),
  ];
}

function figures(state, sides) {
  const points = state.score?.goals ?? state.score?.points ?? {};
  return sides.map((one) => points[one] ?? 0);
}

function side(name, where) {
  return el(
    `div.side.${where}`,
    {},
    el("span.badge", { "aria-hidden": "true" }, monogram(name)),
    el("span.name", {}, name),
  );
}

function scored(state) {
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
    { "aria-label": "Scorers", role: "group" },
    list(home),
    icon("goal"),
    list(away),
  );
}

function tennis(state, sides) {
  const score = state.score ?? {};
  const previous = score.previous ?? [];
  const over = Boolean(score.winner);
  const heads = previous.map((_, number) => el("th", { scope: "col" }, `Set ${number + 1}`));
  const row = (name, at) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, server(score, name), name),
      previous.map((games, number) => set(games, score.tiebreaks?.[number], at)),
      !over && el("td.now", {}, score.games?.[name] ?? 0),
      !over && el("td.points", {}, score.points?.[name] ?? "0"),
    );
  return el(
    "table.scoreboard",
    {},
    el("caption.visually-hidden", {}, state.headline),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("td", {}),
        heads,
        !over && el("th", { scope: "col" }, "Games"),
        !over && el("th", { scope: "col" }, score.tiebreak ? "Tie-break" : "Points"),
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
    { title: serves ? "serves" : null },
    serves && el("span.visually-hidden", {}, "serves:"),
  );
}

function set(games, tiebreak, at) {
  const [mine, theirs] = [games[at], games[1 - at]];
  const lost = tiebreak?.length && mine < theirs ? tiebreak[at] : null;
  return el(mine > theirs ? "td.won" : "td", {}, mine, lost !== null && el("sup", {}, lost));
}

function many(state) {
  const rows = leaders(state).slice(0, PODIUM);
  if (!rows.length) return el("p.under-figures", {}, state.headline);
  return el(
    "ol.podium",
    {},
    rows.map((row) =>
      el(
        "li",
        {},
        el("span.place", {}, row.place ?? "–"),
        el("span", {}, row.name),
        el("span", {}, row.figure),
      ),
    ),
  );
}

/**
 * Return the rows of a contest of many sides, the first first.
 * @returns {Array<{place: number|null, name: string, figure: string, gap: string, status: string}>}
 */
export function leaders(state) {
  const score = state.score ?? {};
  if (score.leaderboard) {
    const first = score.leaderboard[0]?.time ?? null;
    return score.leaderboard.map((row) => ({
      place: row.place,
      name: row.runner,
      figure: row.time === null ? "" : raceTime(row.time),
      gap:
        row.time === null || !first || row.time === first ? "" : `+${raceTime(row.time - first)}`,
      status: row.status,
    }));
  }
  if (!score.points) return [];
  const ranked = Object.entries(score.points).sort((a, b) => b[1] - a[1]);
  return ranked.map(([name, points]) => ({
    place: ranked.findIndex((one) => one[1] === points) + 1,
    name,
    figure: String(points),
    gap: points === ranked[0][1] ? "" : `−${ranked[0][1] - points}`,
    status: "",
  }));
}

/** Return seconds as runners read them: 9.58, 12:34.5, 2:03:15. */
export function raceTime(seconds) {
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

function counted(state) {
  const score = state.score ?? {};
  if (score.runners === undefined) return "";
  return `${score.finished} of ${score.runners} in, ${score.running} on the way`;
}

/** Return the score as the title of the window. */
export function titleOf(state) {
  const goals = goalsText(state, state.score);
  if (!goals || !state.event) return state.headline || state.event?.title || "Touchline";
  const [home, away] = state.event.origins;
  return `${home} ${goals} ${away}`;
}

/** The lines on the ground, faint behind the score. */
function ground(sport) {
  const shape = {
    football:
      "M500 0V300M500 210a60 60 0 1 0 0-120 60 60 0 0 0 0 120M0 60h120v180H0M1000 60H880v180h120M120 115a45 45 0 0 1 0 70M880 115a45 45 0 0 0 0 70",
    tennis: "M500 0V300M0 45h1000M0 255h1000M260 45v210M740 45v210M260 150h480",
    race: "M-20 60C300 60 700 60 1020 60M-20 120C300 120 700 120 1020 120M-20 180h1040M-20 240h1040M800 0v300",
  }[sport];
  return svg(
    "svg.ground",
    { viewBox: "0 0 1000 300", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" },
    svg("path", { d: shape ?? "", fill: "none", stroke: "#fff", "stroke-width": 3 }),
  );
}
