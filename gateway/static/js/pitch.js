// The starters of both sides on the ground, where a sport says in which rows they stand.

import { el, svg } from "./dom.js";
import { read } from "./names.js";
import { shown } from "./presentation.js";

/** A number before a name, perhaps with a word for it, or in brackets behind it: Player 8 is a name. */
const BEFORE = /^\W*(?:\p{L}{1,6}[.°º]?\s*)?(\d{1,3})[.):]?\s+(\S.*)$/u;
const BEHIND = /^(.*\S)\s*[([#]\s*(\d{1,3})\s*[)\]]?$/u;

/**
 * Return the number on a shirt and the name beside it.
 * @param {string} name as a line-up has it
 * @returns {{number: string, name: string}} the number is empty where there is none
 */
export function shirt(name) {
  const { number, words } = read(name);
  if (!number || !words.length) return { number: "", name };
  const [before, behind] = [BEFORE.exec(name), BEHIND.exec(name)];
  if (before?.[1] === number) return { number, name: before[2] };
  if (behind?.[2] === number) return { number, name: behind[1] };
  return { number: "", name };
}

/**
 * Return the rows of a side's starters, its own goal's first; null where they are not known.
 * @param {object} side of `lineups`
 * @param {number[]} counts
 */
export function rowsOf(side, counts) {
  const needed = (counts ?? []).reduce((sum, one) => sum + one, 0);
  const starters = side.players.filter((one) => one.starts);
  if (!needed || !side.known || starters.length < needed) return null;
  let from = 0;
  return counts.map((count) => starters.slice(from, (from += count)));
}

/**
 * Draw the starters on the ground; null where of no side it is known how they stand. The names are a
 * list as well, so that this is a picture.
 * @param {object} state
 * @param {object[]} sides of `lineups`
 * @param {(left: object) => object} mark draws what the match has brought a player
 */
export function pitch(state, sides, mark) {
  const { rows, ground } = shown(state).lineup;
  const found = sides.map((side, at) => rowsOf(side, rows?.[at]));
  if (!found.some(Boolean)) return null;
  const names = sides.map((side, at) =>
    found[at] ? `${side.side} ${rows[at].slice(1).join("-")}` : side.side,
  );
  return el(
    "div.pitch-frame",
    {},
    el(
      "div.pitch",
      { role: "img", "aria-label": names.join(" · ") },
      svg(
        "svg.pitch-ground",
        { viewBox: "0 0 100 150", preserveAspectRatio: "none", "aria-hidden": "true" },
        svg("path", { d: ground ?? "", fill: "none", stroke: "currentColor", "stroke-width": 0.6 }),
      ),
      found.map((side, at) =>
        el(
          at ? "div.half.away" : "div.half",
          {},
          (side ?? []).map((row) => el("div.pitch-row", {}, row.map((one) => man(one, at, mark)))),
        ),
      ),
    ),
  );
}

function man(one, at, mark) {
  const { number, name } = shirt(one.name);
  const [first, ...rest] = name.split(" ");
  return el(
    one.off || one.gone ? "div.man.off" : "div.man",
    { title: one.name },
    el(at ? "span.shirt.away" : "span.shirt", {}, number || first.slice(0, 1)),
    el("span.man-name", {}, rest.join(" ") || first),
    el("span.man-marks", {}, one.marks.filter((left) => left.mark.kind !== "note").map(mark)),
  );
}
