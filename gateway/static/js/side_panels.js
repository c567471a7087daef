// What stands beside the feed: line-ups, statistics, the leaderboard, and facts about this page.

import { el, fill, svg } from "./dom.js";
import { icon } from "./icons.js";
import { pitch, shirt } from "./pitch.js";
import { leaders } from "./score_header.js";
import { lineups, statistics } from "./lineup.js";
import { shown, valueText } from "./presentation.js";
import { percentile } from "./state.js";
import { span } from "./formatting.js";
import { tr } from "./texts.js";

/** Draw the sport's own pane: line-ups of two sides, or the leaderboard of many. */
export function drawSport(root, state) {
  const sides = state.event?.origins ?? [];
  const many = sides.length > 2 || shown(state).score.kind === "leaderboard";
  const drawn = many ? board(state) : teams(state);
  root.hidden = !drawn;
  if (drawn) fill(root, drawn);
}

function teams(state) {
  const { marks } = shown(state).lineup;
  if (!marks) return plainTeams(state);
  const sides = lineups(state);
  if (!sides.some((side) => side.players.length)) return null;
  return [
    el("h2", {}, sides.some((side) => side.known) ? tr("Line-ups") : tr("Players named so far")),
    pitch(state, sides, (left) => mark(state, left)),
    el(
      "div.teams",
      {},
      sides.map((side, at) => team(state, side, at)),
    ),
  ];
}

function plainTeams(state) {
  const named = Object.entries(state.event?.lineups ?? {}).filter(([, names]) => names.length);
  if (!named.length) return null;
  return [
    el("h2", {}, tr("Line-ups")),
    el(
      "div.teams",
      {},
      named.map(([side, names], at) =>
        el(
          "section",
          {},
          head(side, at),
          el(
            "ul.players",
            {},
            names.map((name) => el("li", {}, named(name))),
          ),
        ),
      ),
    ),
  ];
}

function head(side, at) {
  return el("h3", {}, el(at ? "span.mark" : "span.mark.home", { "aria-hidden": "true" }), side);
}

function team(state, side, at) {
  // Substitutes who came on stand with the starters; the bench has not played.
  const played = side.players.filter((one) => one.starts || one.on);
  const bench = side.players.filter((one) => !one.starts && !one.on);
  return el(
    "section",
    {},
    head(side.side, at),
    el("ul.players", {}, played.map((one) => player(state, one))),
    bench.length > 0 && [
      el("p.bench.bench-title", {}, tr("Substitutes")),
      el("ul.players", {}, bench.map((one) => player(state, one))),
    ],
  );
}

/** A name with the number on the shirt before it, where there is one. */
function named(name) {
  const { number, name: bare } = shirt(name);
  if (!number) return el("span", {}, bare);
  return el("span.named", {}, el("span.number", {}, number), el("span", {}, bare));
}

function player(state, one) {
  return el(
    one.off || one.gone ? "li.off" : "li",
    {},
    named(one.name),
    one.marks.map((left) => mark(state, left)),
  );
}

function mark(state, { mark: { kind, text, many, icon: name }, times, clock }) {
  switch (kind) {
    case "star":
      return stars(times, times > 1 ? many || text : text);
    case "note":
      return el("span.minute", {}, times > 1 ? `${times} ${many || text}` : text);
    case "icon":
      return [
        icon(name, shown(state).drawings),
        el("span.visually-hidden", {}, ` ${text} `),
      ];
    default:
      return swap(kind === "on" ? "▲" : "▼", text, clock || kind);
  }
}

function stars(times, word) {
  return [
    el(
      "span.stars",
      { "aria-hidden": "true", title: `${times} ${word}` },
      "*".repeat(times),
    ),
    el("span.visually-hidden", {}, `${times} ${word}`),
  ];
}

function swap(arrow, words, clock) {
  return el(
    "span.swap.minute",
    {},
    el("span", { "aria-hidden": "true" }, arrow),
    el("span.visually-hidden", {}, ` ${words} `),
    clock,
  );
}

function board(state) {
  const rows = leaders(state);
  if (!rows.length) return null;
  const gaps = rows.some((row) => row.gap);
  const { table } = shown(state).score;
  return [
    el("h2", {}, table.title),
    el(
      "table.leaders",
      {},
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, el("span.visually-hidden", {}, tr("Place"))),
          el("th", { scope: "col" }, table.name),
          el("th.number", { scope: "col" }, table.figure),
          gaps && el("th.number", { scope: "col" }, tr("Behind")),
        ),
      ),
      el(
        "tbody",
        {},
        rows.map((row) =>
          el(
            row.status && row.status === table.gone ? "tr.gone" : "tr",
            {},
            el("td.number", {}, row.place ?? ""),
            el(
              "th",
              { scope: "row" },
              row.name,
              row.unsure && el("span.tag.provisional", {}, tr("unconfirmed")),
            ),
            el("td.number", {}, row.figure || (row.status && valueText(state, "status", row.status))),
            gaps && el("td.number", {}, row.gap),
          ),
        ),
      ),
    ),
  ];
}

/** Draw what can be counted of both sides, side by side. */
export function drawStatistics(root, state) {
  const found = statistics(state);
  root.hidden = !found.length;
  if (!found.length) return;
  const [home, away] = state.event.origins;
  fill(
    root,
    el("h2", {}, tr("Side by side")),
    el(
      "div.stats",
      { role: "list" },
      found.map(({ what, counts }) =>
        el(
          "div.stat",
          { role: "listitem", "aria-label": `${what}: ${home} ${counts[0]}, ${away} ${counts[1]}` },
          el("b", {}, counts[0]),
          el("span.what", {}, what),
          el("b", {}, counts[1]),
          share(counts),
        ),
      ),
    ),
  );
}

function share([one, two]) {
  const whole = one + two || 1;
  const left = (one / whole) * 98;
  return svg(
    "svg",
    { viewBox: "0 0 100 6", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("rect", { x: 0, y: 0, width: left, height: 6, rx: 1, fill: "var(--accent)" }),
    svg("rect", {
      x: left + 2,
      y: 0,
      width: 98 - left,
      height: 6,
      rx: 1,
      fill: "var(--accent)",
      opacity: 0.3,
    }),
  );
}

function missed({ lost, repaired }) {
  if (!lost) return tr("none");
  return lost > repaired
    ? tr("{lost}, {missing} of them still missing", { lost, missing: lost - repaired })
    : tr("{lost}, all caught up", { lost });
}

/** Draw what this very page knows of its own connection. */
export function drawPage(root, feed) {
  const { state, roundTrip } = feed;
  const { counts } = state;
  const [p50, p99] = [percentile(state, 50), percentile(state, 99)];
  const time = (milliseconds) => (milliseconds === null ? "–" : span(milliseconds / 1000));
  const facts = [
    [
      tr("Host to this page"),
      p50 === null
        ? "–"
        : tr("{p50} in the median, {p99} at worst", { p50: time(p50), p99: time(p99) }),
    ],
    [tr("To the gateway and back"), time(roundTrip)],
    [tr("Messages received"), `${counts.received}`],
    [tr("Missed"), missed(counts)],
    [tr("Times connected"), `${counts.joins}`],
    [tr("Reporters at the ground"), `${state.present}`],
    [tr("Position"), `epoch ${state.epoch}, seq ${state.seq}`],
    [tr("Digest"), state.digest ? state.digest.slice(0, 12) : "–"],
  ].filter(Boolean);
  const text = JSON.stringify(facts);
  if (root.dataset.text === text) return;
  root.dataset.text = text;
  fill(
    root,
    facts.map(([name, value]) => [
      el("dt", {}, name),
      el(name === tr("Digest") ? "dd.digest" : "dd", {}, value),
    ]),
  );
}
