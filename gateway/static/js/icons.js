// Small drawings, 24 units wide: the page's own, and those that a sport brings. What has none gets a dot.

import { svg } from "./dom.js";

const line =
  (d, about = {}) =>
  () =>
    svg("path", { d, fill: "none", ...about });
const circle = (cx, cy, r) => () => svg("circle", { cx, cy, r, fill: "none" });
const CROSS = line("M7 7l10 10M17 7 7 17");

const DRAWINGS = {
  alarm: [line("M12 3 22 20H2Z"), line("M12 9v5M12 17v.4")],
  restored: [circle(12, 12, 9), line("M8 12.3 11 15.2 16.3 9")],
  deleted: [circle(12, 12, 9), CROSS],
  undo: [line("M9 6 4 11l5 5M4.5 11H15a5 5 0 0 1 0 10h-3")],
  ended: [line("M7 7h10v10H7Z")],
  stopped: [line("M9 6v12M15 6v12")],
  goes_on: [line("M8 5 18 12 8 19Z")],
  stated: [line("M5 5h14v11h-7l-4 4v-4H5Z")],
  more: [line("M6 12h.1M12 12h.1M18 12h.1", { "stroke-width": 3 })],
};

const DOT = [
  () => svg("circle", { cx: 12, cy: 12, r: 4, fill: "currentColor", stroke: "none" }),
];

/** How the parts of a sport's own drawings are drawn. */
const TONES = {
  "": { fill: "none" },
  solid: { stroke: "none", fill: "currentColor" },
  yellow: { class: "yellow" },
  red: { class: "red" },
};

const STROKE = {
  stroke: "currentColor",
  "stroke-width": 1.8,
  "stroke-linecap": "round",
  "stroke-linejoin": "round",
  fill: "none",
};

/**
 * Return the drawing of an action as an element that screen readers pass over.
 * @param {string} name
 * @param {object} own the sport's drawings by name
 */
export function icon(name, own) {
  return svg(
    "svg.icon",
    { viewBox: "0 0 24 24", "aria-hidden": "true", ...STROKE },
    ...parts(name, own),
  );
}

/** Return a drawing as a group, for another drawing: `size` units wide, its middle at (x, y). */
export function iconGroup(name, x, y, size, own) {
  const scale = size / 24;
  const transform = `translate(${x - size / 2} ${y - size / 2}) scale(${scale})`;
  return svg("g.icon", { transform, ...STROKE }, ...parts(name, own));
}

function parts(name, own) {
  const shapes = own?.[name];
  if (shapes) return shapes.map(part);
  return (DRAWINGS[name] ?? DOT).map((draw) => draw());
}

/** Letters that stand for a drawing are as large as they have room. */
const SIZES = [17, 17, 13, 10];

function part({ d, tone, text }) {
  if (!text) return svg("path", { d, ...TONES[tone ?? ""] });
  const size = /[\p{L}\p{N}]/u.test(text) ? SIZES[Math.min(text.length, 3)] : SIZES[0];
  return svg("text", { x: 12, y: 12, "font-size": size, ...LETTERS }, text);
}

const LETTERS = {
  "text-anchor": "middle",
  "dominant-baseline": "central",
  "font-weight": 700,
  fill: "currentColor",
  stroke: "none",
};
