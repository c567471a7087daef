// What an entry comes to: its title, whose it is, what else is known, how weighty it is. Pure.

import { capital, spaced } from "./formatting.js";
import { kindText, lookOf, pair, say } from "./presentation.js";

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

function parts(state, entry, lines) {
  const said = (lines ?? []).map((line) => say(state, entry, line));
  return said.filter(Boolean).join(" · ");
}

function everything(entry) {
  return Object.entries(entry.details ?? {})
    .map(([name, value]) => (typeof value === "string" ? value : `${spaced(name)} ${value}`))
    .join(" · ");
}
