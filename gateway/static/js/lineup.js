// Line-ups as the match has changed them: goals, cards, who came on and went off. Pure.

import { standing } from "./state.js";

/**
 * @typedef {object} Player
 * @property {string} name
 * @property {number} goals own goals are not among them
 * @property {number} own own goals
 * @property {boolean} yellow
 * @property {boolean} red
 * @property {string} on the clock when the player came on; empty where not
 * @property {string} off
 * @property {boolean} starts
 */

/**
 * Return each side's players as the match has changed them.
 * @param {object} state
 * @returns {Array<{side: string, known: boolean, players: Player[]}>} `known`: there is a line-up;
 *   otherwise these are the players who were named in entries
 */
export function lineups(state) {
  const card = state.event ?? {};
  const starters = card.rules?.players ?? 11;
  const sides = (card.origins ?? []).map((side) => {
    const names = card.lineups?.[side] ?? [];
    return {
      side,
      known: names.length > 0,
      players: names.map((name, place) => player(name, place < starters)),
    };
  });
  const taken = takenBack(state);
  for (const { entry } of standing(state)) apply(sides, entry, taken);
  return sides;
}

function player(name, starts) {
  return { name, goals: 0, own: 0, yellow: false, red: false, on: "", off: "", starts };
}

/** Return the ids of the goals that were disallowed afterwards. */
export function takenBack(state) {
  const taken = new Set();
  for (const { entry } of standing(state)) {
    if (entry.title === "goal_disallowed" && entry.relates_to) taken.add(entry.relates_to);
  }
  return taken;
}

function apply(sides, entry, taken) {
  const details = entry.details ?? {};
  const at = sides.findIndex((one) => one.side === entry.origin);
  if (at < 0) return;
  const own = details.how === "own goal";
  // An own goal counts for its origin; who scored it plays for the other side.
  const side = sides[entry.title === "goal" && own ? 1 - at : at];
  const who = (name) => (name ? find(side, String(name)) : null);
  switch (entry.title) {
    case "goal": {
      const scorer = taken.has(entry.entry_id) ? null : who(details.player);
      if (scorer) scorer[own ? "own" : "goals"] += 1;
      break;
    }
    case "yellow_card":
      book(who(details.player), "yellow");
      break;
    case "second_yellow":
    case "red_card":
      book(who(details.player), "red");
      break;
    case "substitution": {
      const [on, off] = [who(details.on), who(details.off)];
      if (on) on.on = entry.clock || "on";
      if (off) off.off = entry.clock || "off";
      break;
    }
  }
}

function book(someone, colour) {
  if (someone) someone[colour] = true;
}

/** Return the player of this name: the whole name, or a part of it that only one of them has. */
function find(side, name) {
  const wanted = plain(name);
  const exact = side.players.find((one) => plain(one.name) === wanted);
  if (exact) return exact;
  const parts = side.players.filter((one) => ` ${plain(one.name)} `.includes(` ${wanted} `));
  if (parts.length === 1) return parts[0];
  if (side.known) return null;
  const fresh = player(name, true);
  side.players.push(fresh);
  return fresh;
}

function plain(name) {
  return name.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();
}

/**
 * Return who scored, side by side: "Lionel Messi 23' (pen.), 108'".
 * @returns {string[][]}
 */
export function scorers(state) {
  const origins = state.event?.origins ?? [];
  const taken = takenBack(state);
  return origins.map((side) => {
    const by = new Map();
    for (const { entry } of standing(state)) {
      if (entry.title !== "goal" || entry.origin !== side || taken.has(entry.entry_id)) continue;
      const name = entry.details?.player || "Goal";
      const how = { "own goal": " (own)", penalty: " (pen.)" }[entry.details?.how] ?? "";
      by.set(name, [...(by.get(name) ?? []), `${entry.clock}${how}`.trim()]);
    }
    return [...by].map(([name, times]) => `${name} ${times.filter(Boolean).join(", ")}`.trim());
  });
}

const COUNTED = {
  football: [
    ["Corners", ["corner"]],
    ["Saves", ["save"]],
    ["Fouls", ["foul"]],
    ["Offsides", ["offside"]],
    ["Yellow cards", ["yellow_card"]],
    ["Red cards", ["red_card", "second_yellow"]],
  ],
};

const POINTS = [
  ["Points won", null],
  ["Aces", ["ace"]],
  ["Winners", ["ace", "service winner", "winner"]],
];

const FAULTS = [
  ["Double faults", ["double fault"]],
  ["Unforced errors", ["unforced error", "error"]],
];

/**
 * Return what can be counted of both sides.
 * @returns {Array<{what: string, counts: [number, number]}>}
 */
export function statistics(state) {
  const origins = state.event?.origins ?? [];
  if (origins.length !== 2) return [];
  const entries = standing(state).map((line) => line.entry);
  const rows = [];
  const add = (what, of) => {
    const counts = origins.map(
      (side, place) => entries.filter((one) => of(one, side, place)).length,
    );
    if (counts[0] || counts[1]) rows.push({ what, counts });
  };
  for (const [what, titles] of COUNTED[state.event?.sport] ?? []) {
    add(what, (entry, side) => entry.origin === side && titles.includes(entry.title));
  }
  if (state.event?.sport === "tennis") {
    const point = (entry) => entry.title === "point";
    for (const [what, how] of POINTS) {
      add(
        what,
        (one, side) =>
          point(one) && one.origin === side && (!how || how.includes(one.details?.how)),
      );
    }
    // A fault is the other side's point.
    for (const [what, how] of FAULTS) {
      add(
        what,
        (one, side, place) =>
          point(one) && one.origin === origins[1 - place] && how.includes(one.details?.how),
      );
    }
  }
  return rows;
}
