// What an entry comes to: its title, whose it is, what else is known, how weighty it is. Pure.

import { capital, spaced } from "./formatting.js";
import { kindText, lookOf, pair, say, shown } from "./presentation.js";

/**
 * @typedef {object} EntryText
 * @property {string} icon the drawing's name
 * @property {string} title
 * @property {string} side its origin; empty where it has none to name
 * @property {string} who people and particulars
 * @property {string} then the score after it, where it changed it
 * @property {string} clock stands where the clock stands, when none runs
 * @property {boolean} big it deserves the eye
 * @property {boolean} key it is one of the key moments
 * @property {boolean} parts it parts the feed, as a whistle parts a match
 */

/**
 * Return what an entry comes to.
 * @param {object} state for the words of its sport
 * @param {object} entry
 * @returns {EntryText}
 */
export function entryText(state, entry) {
  if (entry.title === STATEMENT) return statementText(state, entry);
  const look = lookOf(state, entry);
  return {
    icon: look.icon || entry.title,
    title: capital(say(state, entry, look.title)) || kindText(state, entry.title),
    side: look.nobody ? "" : entry.origin,
    who: look.who === "all" ? everything(entry) : parts(state, entry, look.who),
    then: look.then ? pair(state, entry.score, look.then) : "",
    clock: look.clock ?? "",
    big: look.weight === "big",
    key: Boolean(look.weight),
    parts: Boolean(look.parts),
  };
}

/** The title of what people state besides what happens. */
const STATEMENT = "state";

/** How a statement is drawn, by what it says of play. */
const OF_PLAY = { interrupted: "stopped", resumed: "goes_on" };

function statementText(state, entry) {
  const { score, play } = entry.details ?? {};
  const { counts } = shown(state).score;
  return {
    icon: OF_PLAY[play] ?? "stated",
    title: entry.text || kindText(state, entry.title),
    side: "",
    who: "",
    then: score === undefined ? "" : pair(state, entry.score, counts),
    clock: "",
    big: false,
    key: true,
    parts: false,
  };
}

/** Return whether an entry makes the score what it is: a side's count, or a place among many. */
function scores(state, entry) {
  const { then, big, key } = entryText(state, entry);
  return then !== "" || (shown(state).score.kind === "leaderboard" && (big || key));
}

/**
 * Return the latest entry, in match order, that is not confirmed and makes the score what it is.
 * @returns {{words: string, counts: string}|null} null where the score rests on none
 */
export function unconfirmed(state) {
  const found = state.entries.findLast(
    ({ entry }) => entry.status === "PROVISIONAL" && scores(state, entry),
  );
  if (!found) return null;
  const { title, side } = entryText(state, found.entry);
  const { for: voices = 0, present = 0 } = found.entry.evidence ?? {};
  return { words: [title, side].filter(Boolean).join(" · "), counts: `${voices} of ${present}` };
}

/** Return the origins whose places among many rest on entries that are not confirmed. */
export function unconfirmedOrigins(state) {
  const found = state.entries.filter(
    ({ entry }) => entry.status === "PROVISIONAL" && entry.origin && scores(state, entry),
  );
  return new Set(found.map(({ entry }) => entry.origin));
}

function parts(state, entry, lines) {
  const said = (lines ?? []).map((line) => say(state, entry, line));
  return said.filter(Boolean).join(" · ");
}

function everything(entry) {
  return Object.entries(entry.details ?? {})
    .map(([name, value]) => (typeof value === "string" ? value : `${spaced(name)} ${value}`))
    .join(" · ");
}
