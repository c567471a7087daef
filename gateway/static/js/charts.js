// The charts: the match so far, how the crowd agrees, how long messages took to get here.

import { fill, svg } from "./dom.js";
import { iconGroup } from "./icons.js";
import { leaders } from "./score_header.js";
import { entryText, entryWords } from "./entry_text.js";
import { outagesOf } from "./kinds.js";
import { clockOf, shown } from "./presentation.js";
import { agreement, lead, matchAxis, outages, timeAxis } from "./scale.js";
import { standing } from "./state.js";
import { evidence, span } from "./formatting.js";
import { tr, trn } from "./texts.js";

/** The most lanes of a contest of many sides. */
const LANES = 8;

/**
 * Draw the match so far.
 * @param {Element} root
 * @param {Element} words where it is said in a sentence
 * @returns {boolean} whether there is something to draw
 */
export function drawMatch(root, words, state) {
  const lines = standing(state);
  const sides = state.event?.origins ?? [];
  if (lines.length < 2) return false;
  const width = Math.max(280, root.clientWidth || 600);
  const { kind } = shown(state).chart;
  if (sides.length !== 2 || kind === "lanes") lanes(root, words, state, width);
  else if (kind === "moments") moments(root, words, state, width);
  else leadChart(root, words, state, width);
  return true;
}

function picture(root, width, height, label, ...children) {
  fill(
    root,
    svg(
      "svg",
      { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": label },
      svg(
        "defs",
        {},
        svg(
          "pattern",
          {
            id: "hatch",
            width: 8,
            height: 8,
            patternUnits: "userSpaceOnUse",
            patternTransform: "rotate(45)",
          },
          svg("line.hatch-line", { x1: 0, y1: 0, x2: 0, y2: 8 }),
        ),
      ),
      ...children,
    ),
  );
}

function outageBands(state, axis, place, top, height) {
  return outages(state, axis).map(([from, to]) =>
    svg(
      "rect.outage",
      { x: place(from), y: top, width: Math.max(3, place(to) - place(from)), height },
      svg("title", {}, tr("No contact with the venue")),
    ),
  );
}

function outageWords(state) {
  const { length } = outagesOf(state);
  if (!length) return "";
  const said = trn("Hatched: {n} outage of the venue.", "Hatched: {n} outages of the venue.", length);
  return ` ${said}`;
}

function moments(root, words, state, width) {
  const axis = matchAxis(state);
  const [left, right, size] = [6, width - 14, 18];
  const place = (share) => left + share * (right - left);
  const { chart, drawings } = shown(state);
  // Where there is little room, some stand in the feed and the line-ups alone.
  const spare = width < 560 ? (chart.spare ?? []) : [];
  const marked = standing(state).filter(({ entry }) => {
    const told = entryText(state, entry);
    return told.key && !told.parts && !spare.includes(entry.title);
  });
  const sides = state.event.origins;
  const rows = [
    stack(marked, sides[0], axis, place, size),
    stack(marked, sides[1], axis, place, size),
  ];
  const deep = rows.map((marks) => 1 + Math.max(0, ...marks.map((mark) => mark.level)));
  const middle = 26 + deep[0] * (size + 5);
  const height = middle + 34 + deep[1] * (size + 5) + 18;
  const high = (level, up) =>
    up ? middle - 18 - level * (size + 5) : middle + 34 + level * (size + 5);
  const stem = ({ x, level }, up) =>
    svg("line.stem", { x1: x, x2: x, y1: middle, y2: high(level, up) });
  const mark = ({ x, level, line }, up) => {
    const y = high(level, up);
    const told = entryText(state, line.entry);
    return svg(
      told.big && told.then ? "g.event-mark.counts" : "g.event-mark",
      {},
      svg("circle.plate", { cx: x, cy: y, r: size / 2 }),
      iconGroup(told.icon, x, y, size, drawings),
      svg(
        "title",
        {},
        `${told.clock} ${told.title}, ${told.side}${told.who ? `: ${told.who}` : ""}`,
      ),
    );
  };
  picture(
    root,
    width,
    height,
    trn(
      "Timeline of {home} above and {away} below the line, {n} moment",
      "Timeline of {home} above and {away} below the line, {n} moments",
      marked.length,
      { home: sides[0], away: sides[1] },
    ),
    svg("text.side-name", { x: left, y: 12 }, sides[0]),
    svg("text.side-name", { x: left, y: height - 4 }, sides[1]),
    outageBands(state, axis, place, 20, height - 40),
    axis.cuts.map((cut) =>
      svg("line.axis", { x1: place(cut), x2: place(cut), y1: 20, y2: height - 20 }),
    ),
    rows.map((marks, row) => marks.map((one) => stem(one, row === 0))),
    svg("line.middle", { x1: left, x2: right, y1: middle, y2: middle }),
    ticks(axis, place, middle, width),
    rows.map((marks, row) => marks.map((one) => mark(one, row === 0))),
  );
  const [home, away] = sides;
  const said = tr("{home} above the line, {away} below.", { home, away });
  fill(words, `${said}${outageWords(state)}`);
}

function ticks(axis, place, y, width) {
  const room = width < 480 ? 46 : 34;
  let free = -Infinity;
  return axis.ticks.map((tick) => {
    const x = place(tick.at);
    const stroke = svg("line.middle", { x1: x, x2: x, y1: y - 4, y2: y + 4 });
    if (x - free < room) return stroke;
    free = x;
    return [
      stroke,
      svg(
        "text",
        { x, y: y + 16, "text-anchor": x < 12 ? "start" : "middle", class: "tick" },
        tick.text,
      ),
    ];
  });
}

/** Put marks of one side on levels, so that none lies over another. */
function stack(lines, side, axis, place, size) {
  const ends = [];
  return lines
    .filter(({ entry }) => entry.origin === side)
    .map((line) => {
      const x = place(axis.at(Date.parse(line.entry.time)));
      let level = ends.findIndex((end) => x - end >= size + 1);
      if (level < 0) level = ends.length;
      ends[level] = x;
      return { x, level, line };
    });
}

function leadChart(root, words, state, width) {
  const { steps, cuts, most } = lead(state);
  const [home, away] = state.event.origins;
  const [left, right, top, bottom] = [6, width - 28, 24, 150];
  const middle = (top + bottom) / 2;
  const scale = (bottom - top) / 2 / Math.max(1, most);
  const x = (step) => left + (step / Math.max(1, steps.length)) * (right - left);
  const y = (ahead) => middle - ahead * scale;
  const path = steps.reduce(
    (d, { lead: ahead }, step) => `${d}H${r(x(step + 1))}V${r(y(ahead))}`,
    `M${left} ${middle}`,
  );
  const axis = { at: (time) => stepAt(steps, time) };
  picture(
    root,
    width,
    bottom + (cuts.length ? 40 : 24),
    tr("How far {home} or {away} was ahead; at most {most}", { home, away, most }),
    outageBands(state, axis, x, top, bottom - top),
    cuts.map(({ step, text }) => [
      svg("line.axis", { x1: x(step), x2: x(step), y1: top - 8, y2: bottom + 4 }),
      svg("text", { x: x(step) - 4, y: bottom + 18, "text-anchor": "end" }, text),
    ]),
    svg("line.middle", { x1: left, x2: right, y1: middle, y2: middle }),
    svg("path.lead-area", { d: `${path}V${middle}Z` }),
    svg("path.lead-line", { d: path }),
    svg("text.side-name", { x: left, y: top - 8 }, `↑ ${home}`),
    svg("text.side-name", { x: left, y: bottom + (cuts.length ? 34 : 16) }, `↓ ${away}`),
    svg(
      "text",
      { x: right + 6, y: y(steps.at(-1)?.lead ?? 0) + 4 },
      signed(steps.at(-1)?.lead ?? 0),
    ),
  );
  const ahead = steps.at(-1)?.lead ?? 0;
  const { text } = shown(state).chart;
  const values = { side: ahead > 0 ? home : away, lead: Math.abs(ahead), text };
  const said = ahead === 0 ? tr("Level {text}.", values) : tr("{side} {lead} ahead {text}.", values);
  fill(words, `${said}${outageWords(state)}`);
}

function r(number) {
  return Math.round(number * 10) / 10;
}

function signed(number) {
  return number > 0 ? `+${number}` : String(number).replace("-", "−");
}

function stepAt(steps, time) {
  const place = steps.findIndex(({ line }) => Date.parse(line.entry.time) > time);
  return place < 0 ? steps.length : place;
}

function lanes(root, words, state, width) {
  const lines = standing(state);
  const axis = timeAxis(state);
  const sides = ranked(state).slice(0, LANES);
  const [left, right, high] = [110, width - 12, 26];
  const place = (share) => left + share * (right - left);
  const clocked = axis.ticks.length > 0;
  const height = 14 + sides.length * high + (clocked ? 22 : 0);
  picture(
    root,
    width,
    height,
    trn("What happened when, for {n} side", "What happened when, for the first {n} sides", sides.length),
    outageBands(state, axis, place, 4, sides.length * high),
    sides.map((side, row) => {
      const y = 18 + row * high;
      const name = side.length > 14 ? `${side.slice(0, 12)}…` : side;
      return [
        svg("text.side-name", { x: 0, y: y + 4 }, name),
        svg("line.axis", { x1: left, x2: right, y1: y, y2: y }),
        lines
          .filter(({ entry }) => entry.origin === side)
          .map(({ entry }) =>
            svg(
              entryText(state, entry).big ? "circle.dot" : "circle.dot.some",
              { cx: place(axis.at(Date.parse(entry.time))), cy: y, r: 5 },
              svg("title", {}, `${clockOf(state, entry)} ${entryWords(state, entry)}`),
            ),
          ),
      ];
    }),
    axis.ticks.map((tick) =>
      svg(
        "text",
        { x: place(tick.at), y: height - 4, "text-anchor": tick.at > 0.9 ? "end" : "middle" },
        tick.text,
      ),
    ),
  );
  fill(words, `${tr("Each mark is something that was agreed on.")}${outageWords(state)}`);
}

function ranked(state) {
  const names = leaders(state).map((row) => row.name);
  return names.length ? names : (state.event?.origins ?? []);
}

/** Draw how many of those present said the same, entry by entry. */
export function drawAgreement(root, words, state) {
  const { dots, median, disputed } = agreement(state);
  if (dots.length < 2) return false;
  const width = Math.max(240, root.clientWidth || 360);
  const [left, right, top, bottom] = [36, width - 8, 10, 118];
  const radius = dots.length > 120 ? 2 : dots.length > 50 ? 3 : 4;
  const x = (place) => left + ((place + 0.5) / dots.length) * (right - left);
  const y = (share) => bottom - share * (bottom - top);
  picture(
    root,
    width,
    bottom + 8,
    trn(
      "Agreement on {n} entry, {share} in the median",
      "Agreement on {n} entries, {share} in the median",
      dots.length,
      { share: percent(median) },
    ),
    [0, 0.5, 1].map((share) => [
      svg("line.axis", { x1: left, x2: right, y1: y(share), y2: y(share) }),
      svg("text", { x: left - 6, y: y(share) + 4, "text-anchor": "end" }, percent(share)),
    ]),
    dots.map(({ share, against, line }, place) => [
      against > 0 &&
        svg("line.against-line", { x1: x(place), x2: x(place), y1: y(0), y2: y(against) }),
      svg(
        against > 0 ? "circle.dot.against" : "circle.dot",
        { cx: x(place), cy: y(share), r: radius },
        svg("title", {}, `${clockOf(state, line.entry)} ${entryWords(state, line.entry)}: ${evidence(line.entry)}`),
      ),
    ]),
  );
  const spoke = disputed
    ? trn(
        "Red: {n} entry with voices against.",
        "Red: {n} entries with voices against.",
        disputed,
      )
    : tr("Nobody spoke against any.");
  const share = percent(median);
  const said = tr("{share} of those present said so, in the median, when it was agreed on.", { share });
  fill(words, `${said} ${spoke}`);
  return true;
}

function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** Draw how long the newest messages took from the host to this page. */
export function drawDelays(root, state) {
  const newest = state.latencies.slice(-60);
  root.hidden = newest.length < 2;
  if (root.hidden) return;
  const width = Math.max(240, root.clientWidth || 360);
  const height = 44;
  const most = Math.max(...newest, 50);
  const step = width / 60;
  picture(
    root,
    width,
    height,
    tr("How long the newest {n} messages took to get here, at most {time}", {
      n: newest.length,
      time: span(most / 1000),
    }),
    newest.map((late, place) => {
      const tall = Math.max(2, (late / most) * (height - 6));
      return svg(
        "rect.bar-mark",
        { x: place * step, y: height - tall, width: Math.max(1, step - 1.5), height: tall, rx: 1 },
        svg("title", {}, span(late / 1000)),
      );
    }),
  );
}

/** Call `draw` when the width of a node changes. */
export function watchWidth(node, draw) {
  let width = node.clientWidth;
  new ResizeObserver(() => {
    if (Math.abs(node.clientWidth - width) < 2) return;
    width = node.clientWidth;
    draw();
  }).observe(node);
}
