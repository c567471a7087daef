// Small drawings of what can happen, 24 units wide; those without a drawing of their own get a dot.

import { svg } from "./dom.js";

const line =
  (d, about = {}) =>
  () =>
    svg("path", { d, fill: "none", ...about });
const solid =
  (d, about = {}) =>
  () =>
    svg("path", { d, stroke: "none", fill: "currentColor", ...about });
const card = (x, y, name) => () =>
  svg(`rect.${name}`, {
    x,
    y,
    width: 9,
    height: 13,
    rx: 1.6,
    transform: `rotate(8 ${x + 4} ${y + 6})`,
  });
const circle =
  (cx, cy, r, about = {}) =>
  () =>
    svg("circle", { cx, cy, r, fill: "none", ...about });

const BALL = [
  circle(12, 12, 9),
  solid("M12 7.6 16 10.5 14.5 15.2H9.5L8 10.5Z"),
  line("M12 3v4.6M20.6 9.3 16 10.5M17.4 19.2 14.5 15.2M6.6 19.2 9.5 15.2M3.4 9.3 8 10.5"),
];
const CROSS = line("M7 7l10 10M17 7 7 17");
const FLAG = [line("M6 21V3"), solid("M6 4l12 4-12 5Z")];
const CLOCK = [circle(12, 12, 9), line("M12 7v5l3.5 2")];
const WHISTLE = [
  circle(9, 14, 5.5),
  line("M9 8.5h12v4h-6.8"),
  circle(9, 14, 1.4, { fill: "currentColor", stroke: "none" }),
];

const DRAWINGS = {
  goal: BALL,
  own_goal: BALL,
  goal_disallowed: [circle(12, 12, 9), CROSS],
  yellow_card: [card(7, 5, "yellow")],
  second_yellow: [card(4.5, 4, "yellow"), card(10, 6.5, "red")],
  red_card: [card(7, 5, "red")],
  substitution: [
    line("M8 20V5M4 9l4-4 4 4", { class: "on" }),
    line("M16 4v15M12 15l4 4 4-4", { class: "off" }),
  ],
  penalty_saved: [line("M3 20V5h18v15"), circle(12, 14, 3)],
  penalty_missed: [line("M3 20V8h18v12"), line("M12 3v0"), circle(18, 4.5, 2.5)],
  shootout_scored: BALL,
  shootout_saved: [circle(12, 12, 9), line("M7 12h10")],
  shootout_missed: [circle(12, 12, 9), CROSS],
  save: [line("M7 21v-5l-3-4V8l2 1 1 3V4.5h2V11V3h2.2v8V4h2.2v7.5V6h2.2v9l-2 3v3Z")],
  corner: FLAG,
  offside: [line("M6 21V3"), line("M6 4h12v8H6M6 8h12M12 4v8")],
  foul: [line("M12 3 22 20H2Z"), line("M12 9v5M12 17v.4")],
  period_start: WHISTLE,
  period_end: WHISTLE,
  full_time: WHISTLE,
  point: [circle(12, 12, 4, { fill: "currentColor", stroke: "none" })],
  game: [circle(12, 12, 8.5), line("M5.5 7c4 2.5 4 7.5 0 10M18.5 7c-4 2.5-4 7.5 0 10")],
  set: [line("M5 12.5 10 17.5 19.5 7")],
  serve: [circle(14, 9, 6), line("M10 13.5 4 20"), line("M10 6l8 6M18 6l-8 6")],
  retire: [CROSS],
  default: [CROSS],
  walkover: [CROSS],
  start: [solid("M7 4 20 12 7 20Z")],
  split: CLOCK,
  finish: [
    line("M6 21V3h12v9H6"),
    solid("M6 3h4v3H6ZM14 3h4v3h-4ZM10 6h4v3h-4ZM6 9h4v3H6ZM14 9h4v3h-4Z"),
  ],
  drop_out: [CROSS],
  alarm: [line("M12 3 22 20H2Z"), line("M12 9v5M12 17v.4")],
  restored: [circle(12, 12, 9), line("M8 12.3 11 15.2 16.3 9")],
  deleted: [circle(12, 12, 9), CROSS],
  undo: [line("M9 6 4 11l5 5M4.5 11H15a5 5 0 0 1 0 10h-3")],
  more: [line("M6 12h.1M12 12h.1M18 12h.1", { "stroke-width": 3 })],
};

const DOT = [circle(12, 12, 4, { fill: "currentColor", stroke: "none" })];

/** Return the drawing of an action as an element that screen readers pass over. */
export function icon(name) {
  return svg(
    "svg.icon",
    {
      viewBox: "0 0 24 24",
      "aria-hidden": "true",
      stroke: "currentColor",
      "stroke-width": 1.8,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      fill: "none",
    },
    ...(DRAWINGS[name] ?? DOT).map((draw) => draw()),
  );
}

/** Return a drawing as a group, for another drawing: `size` units wide, its middle at (x, y). */
export function iconGroup(name, x, y, size) {
  const scale = size / 24;
  return svg(
    "g.icon",
    {
      transform: `translate(${x - size / 2} ${y - size / 2}) scale(${scale})`,
      stroke: "currentColor",
      "stroke-width": 1.8,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
      fill: "none",
    },
    ...(DRAWINGS[name] ?? DOT).map((draw) => draw()),
  );
}
