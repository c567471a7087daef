// How an event ended, and until when reports of it count. Pure.

import { capital, timeOfDay } from "./formatting.js";
import { tr } from "./texts.js";

/** How an event ended, in a word; what was played to its end is finished. */
export const ENDED = {
  "": tr("Final"),
  abandoned: tr("Abandoned"),
  postponed: tr("Postponed"),
  awarded: tr("Awarded"),
  walkover: tr("Walkover"),
  retired: tr("Retired"),
};

/** Return how an event ended, in a word or two. */
export function endedWord({ how = "" }) {
  return ENDED[how] ?? capital(how);
}

/** Return how an event ended and why, as a clause: Retired, Ada wins (a strained calf). */
export function endingText(ending) {
  const { winner = "", reason = "" } = ending;
  const how = endedWord(ending);
  const said = winner ? tr("{how}, {winner} wins", { how, winner }) : how;
  return reason ? `${said} (${reason})` : said;
}

/** Return whether reports still count at a wall time, milliseconds since 1970 on the gateway's clock. */
export function reportsCount(state, wall) {
  return !state.finished || Date.parse(state.ending?.until ?? NaN) > wall;
}

/** Return until when reports of what is over count, in words; empty where they do no longer. */
export function untilWords(state, wall) {
  return state.finished && reportsCount(state, wall) ? timeOfDay(state.ending.until) : "";
}
