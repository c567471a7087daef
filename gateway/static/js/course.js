// What the course of an event has come to: interrupted, under review, over and how. Pure.

import { endedWord, untilWords } from "./ending.js";
import { entryText } from "./entry_text.js";
import { capital, sentence } from "./formatting.js";
import { valueText } from "./presentation.js";
import { standing } from "./state.js";
import { tr } from "./texts.js";

/** How long after an interruption an action of play shows that play went on, milliseconds. */
const RESUMES = 60_000;

/**
 * Return the entry that says that play is interrupted; null while it is not, or is over, or an action
 * of play shows that it went on.
 */
export function interrupted(state) {
  const lines = standing(state);
  const place = lines.findLastIndex(
    ({ entry }) => entry.title === "state" && entry.details?.play !== undefined,
  );
  const said = lines[place]?.entry;
  if (said?.details.play !== "interrupted" || state.finished) return null;
  return lines.slice(place + 1).some(({ entry }) => resumes(state, said, entry)) ? null : said;
}

/** Return whether an entry shows that play went on after the one that says that it was interrupted. */
export function resumes({ kinds }, stop, entry) {
  const late = Date.parse(entry.time) - Date.parse(stop.time) >= RESUMES;
  return late && kinds.some(({ title, in_play: inPlay }) => inPlay && title === entry.title);
}

function reasonOf(state, { details: { reason = "" } }) {
  return reason && valueText(state, "reason", reason);
}

/**
 * Return what is to be said beside the score.
 * @param {object} state
 * @param {number} wall milliseconds since 1970 on the gateway's clock
 * @returns {Array<{pill: string, text: string}>}
 */
export function notes(state, wall) {
  const found = [];
  const stopped = interrupted(state);
  if (stopped)
    found.push({ pill: tr("Play interrupted"), text: capital(reasonOf(state, stopped)) });
  for (const { entry } of standing(state).filter((line) => line.entry.review)) {
    const { title, side } = entryText(state, entry);
    const what = [title, side].filter(Boolean).join(" · ");
    const why = entry.review === "under review" ? "" : `: ${entry.review}`;
    found.push({ pill: tr("Under review"), text: `${what}${why}` });
  }
  const { how, winner, reason = "" } = state.ending ?? {};
  const until = untilWords(state, wall);
  const said = [
    winner && tr("{winner} wins.", { winner }),
    sentence(reason),
    until && tr("Corrections still count until {until}.", { until }),
  ].filter(Boolean);
  const pill = how || reason ? endedWord(state.ending) : "";
  if (pill || said.length) found.push({ pill, text: said.join(" ") });
  return found;
}
