// Line-ups as the match has changed them, and what can be counted of it. Pure.

import { only } from "./names.js";
import { fits, shown, takenBack } from "./presentation.js";
import { standing } from "./state.js";

/**
 * @typedef {object} Player
 * @property {string} name
 * @property {Array<{mark: object, times: number, clock: string}>} marks what the match has brought
 *   the player, in the order in which the sport shows them
 * @property {boolean} starts
 * @property {boolean} on came on
 * @property {boolean} off went off
 * @property {boolean} gone plays no longer, and may not be replaced
 */

/**
 * Return each side's players as the match has changed them.
 * @param {object} state
 * @returns {Array<{side: string, known: boolean, players: Player[]}>} `known`: there is a line-up;
 *   otherwise these are the players who were named in entries
 */
export function lineups(state) {
  const card = state.event ?? {};
  const { lineup } = shown(state);
  const marks = lineup.marks ?? [];
  const starters = lineup.starters || Infinity;
  const sides = (card.origins ?? []).map((side) => {
    const names = card.lineups?.[side] ?? [];
    return {
      side,
      known: names.length > 0,
      players: names.map((name, place) => player(name, place < starters)),
    };
  });
  const lines = standing(state);
  const taken = takenBack(lines, state);
  let begun = 0;
  for (const { entry } of lines) {
    if (taken.has(entry.entry_id)) continue;
    for (const mark of marksOf(marks, entry)) leave(sides, entry, mark);
    const over = entry.score?.[lineup.anew]?.length ?? 0;
    if (over > begun) for (const side of sides) side.players.forEach(beginAnew);
    begun = Math.max(begun, over);
  }
  for (const side of sides) for (const one of side.players) inOrder(one, marks);
  return sides;
}

function player(name, starts) {
  return { name, marks: [], starts, on: false, off: false, gone: false };
}

/** Return the marks that an entry leaves: of one detail the first that fits. */
function marksOf(marks, entry) {
  const found = new Map();
  for (const mark of marks) {
    if (mark.action !== entry.title || found.has(mark.detail)) continue;
    if (fits(mark.when, entry)) found.set(mark.detail, mark);
  }
  return found.values();
}

function leave(sides, entry, mark) {
  const at = sides.findIndex((one) => one.side === entry.origin);
  const name = entry.details?.[mark.detail];
  if (at < 0 || !name) return;
  const one = find(sides[mark.other && sides.length === 2 ? 1 - at : at], String(name));
  if (!one) return;
  const same = one.marks.find((left) => left.mark.text === mark.text);
  if (same) same.times += 1;
  else one.marks.push({ mark, times: 1, clock: entry.clock ?? "" });
  if (same) same.clock = entry.clock ?? "";
  one.on ||= mark.kind === "on";
  one.off ||= mark.kind === "off";
  one.gone ||= Boolean(mark.leaves);
}

/** As line-ups are those of the beginning again, forget who came on and went off. */
function beginAnew(one) {
  one.marks = one.marks.filter(({ mark }) => mark.kind !== "on" && mark.kind !== "off");
  one.on = false;
  one.off = false;
}

function inOrder(one, marks) {
  const place = (left) => marks.indexOf(left.mark);
  one.marks.sort((a, b) => place(a) - place(b));
}

/** Return the player of this name: in any form that only one of them can have. */
function find(side, name) {
  const listed = side.players.map((one) => one.name);
  const meant = only(listed, name);
  if (meant) return side.players[listed.indexOf(meant)];
  if (side.known) return null;
  const fresh = player(name, true);
  side.players.push(fresh);
  return fresh;
}

/**
 * Return who scored, side by side: "Lionel Messi 23' (pen.), 108'"; nobody where the sport lists none.
 * @returns {string[][]}
 */
export function scorers(state) {
  const { scorers: listed } = shown(state).score;
  const origins = state.event?.origins ?? [];
  if (!listed) return origins.map(() => []);
  const lines = standing(state);
  const taken = takenBack(lines, state);
  return origins.map((side) => {
    const by = new Map();
    for (const { entry } of lines) {
      if (entry.title !== listed.action || entry.origin !== side || taken.has(entry.entry_id))
        continue;
      const name = entry.details?.[listed.detail] || listed.unknown;
      by.set(name, [...(by.get(name) ?? []), `${entry.clock}${notes(listed, entry)}`.trim()]);
    }
    return [...by].map(([name, times]) => `${name} ${times.filter(Boolean).join(", ")}`.trim());
  });
}

function notes(listed, entry) {
  return Object.entries(listed.notes ?? {})
    .map(([detail, words]) => words[entry.details?.[detail]] ?? "")
    .join("");
}

/**
 * Return what can be counted of both sides.
 * @returns {Array<{what: string, counts: [number, number]}>}
 */
export function statistics(state) {
  const origins = state.event?.origins ?? [];
  if (origins.length !== 2) return [];
  const entries = standing(state).map((line) => line.entry);
  return (shown(state).statistics ?? [])
    .map((one) => ({
      what: one.text,
      counts: origins.map((_, place) => {
        const side = origins[one.other ? 1 - place : place];
        return entries.filter((entry) => entry.origin === side && isCounted(one, entry)).length;
      }),
    }))
    .filter(({ counts }) => counts[0] || counts[1]);
}

function isCounted(one, entry) {
  if (!one.actions.includes(entry.title)) return false;
  return !one.detail || one.values.includes(entry.details?.[one.detail]);
}
