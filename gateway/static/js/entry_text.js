// What an entry comes to: its title, whose it is, what else is known, how weighty it is. Pure.

import { capital } from "./formatting.js";
import { clockOf, detailText, kindText, lookOf, pair, say, shown, valueText } from "./presentation.js";
import { LANGUAGE, tr } from "./texts.js";

/**
 * @typedef {object} EntryText
 * @property {string} icon the drawing's name
 * @property {string} title
 * @property {string} side its origin; empty where it has none to name
 * @property {string} who people and particulars
 * @property {string} then the score after it, where it changed it
 * @property {string} clock the match clock, or what stands for it; empty without either
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
    who: look.who === "all" ? everything(state, entry) : parts(state, entry, look.who),
    then: look.then ? pair(state, entry.score, look.then) : "",
    clock: clockOf(state, entry) || (look.clock ?? ""),
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
    title: (LANGUAGE === "en" && entry.text) || stated(state, entry) || kindText(state, entry.title),
    side: "",
    who: "",
    then: score === undefined ? "" : pair(state, entry.score, counts),
    clock: clockOf(state, entry),
    big: false,
    key: true,
    parts: false,
  };
}

/** Return what a statement says; the host's own sentence is in English. */
function stated(state, { details = {} }) {
  const { reason = "", entry: _, ...said } = details;
  const [[name, value] = ["", ""]] = Object.entries(said);
  if (name === "score") return tr("The score, as it is stated at the ground");
  if (name === "review") return withReason(state, tr("The officials look at something again"), reason);
  if (name !== "play") return name && `${detailText(state, name)}: ${valueText(state, name, value)}`;
  const text = value === "resumed" ? tr("Play goes on") : tr("Play is interrupted");
  return withReason(state, text, reason);
}

function withReason(state, text, reason) {
  return reason ? `${text}: ${valueText(state, "reason", reason)}` : text;
}

/** Return an entry in a line: the host's own sentence, which is in English, or what it comes to. */
export function entryWords(state, entry) {
  if (LANGUAGE === "en" && entry.text) return entry.text;
  const { title, side, who } = entryText(state, entry);
  return [title, side, who].filter(Boolean).join(" · ");
}

/** Return whether an entry makes the score what it is: a side's count, or a place among many. */
function scores(state, entry) {
  const { then, big, key } = entryText(state, entry);
  return then !== "" || (shown(state).score.kind === "leaderboard" && (big || key));
}

/**
 * Return the latest entry, in match order, that is not confirmed and makes the score what it is.
 * @returns {{words: string, voices: number, present: number}|null} null where the score rests on none
 */
export function unconfirmed(state) {
  const found = state.entries.findLast(
    ({ entry }) => entry.status === "PROVISIONAL" && scores(state, entry),
  );
  if (!found) return null;
  const { title, side } = entryText(state, found.entry);
  const { for: voices = 0, present = 0 } = found.entry.evidence ?? {};
  return { words: [title, side].filter(Boolean).join(" · "), voices, present };
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

function everything(state, entry) {
  const said = (name, value) =>
    typeof value === "string" ? valueText(state, name, value) : `${detailText(state, name, false)} ${value}`;
  return Object.entries(entry.details ?? {})
    .map(([name, value]) => said(name, value))
    .join(" · ");
}
