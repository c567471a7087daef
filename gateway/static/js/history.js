// What became of an entry: each version, when and why. Fetched when somebody looks.

import { el } from "./dom.js";
import { evidenceSentence, sentence, timeOfDay } from "./formatting.js";
import { LANGUAGE, tr } from "./texts.js";

const STEPS = {
  PROVISIONAL: tr("Published, not yet confirmed"),
  CONFIRMED: tr("Confirmed"),
  UPDATED: tr("Changed"),
  DELETED: tr("Taken back"),
};

/**
 * Return the versions of an entry as a list, the first first.
 * @param {string} event its id
 * @param {object} entry its newest version, shown alone where the others can't be had
 */
export async function historyOf(event, entry) {
  let versions = [entry];
  try {
    const path = `/api/v1/events/${encodeURIComponent(event)}/entries/${encodeURIComponent(entry.entry_id)}`;
    const answer = await fetch(path);
    const found = answer.ok ? (await answer.json()).versions : [];
    if (found.length) versions = found;
  } catch {
    // Without a connection the newest has to do.
  }
  return el("ol.history", {}, versions.map(step));
}

function step(entry, place, all) {
  const why = [changed(all[place - 1], entry), sentence(entry.reason), evidenceSentence(entry)];
  return el(
    "li",
    {},
    el("time", { datetime: entry.sent }, timeOfDay(entry.sent)),
    " ",
    el("strong", {}, stepWords(entry, all[place - 1])),
    " ",
    el("span", {}, why.filter(Boolean).join(" ")),
  );
}

/** Return what a version is, in words. Pure. */
export function stepWords(entry, before) {
  if (entry.review && !before?.review) return tr("Under review");
  if (!entry.review && before?.review && entry.status !== "DELETED") return tr("Stands after review");
  const step = STEPS[entry.status] ?? entry.status;
  return entry.by ? tr("{step} by the organiser", { step }) : step;
}

/** Return what a version says that the one before did not. Pure. */
export function changed(before, entry) {
  if (!before || entry.status === "DELETED" || before.text === entry.text) return "";
  if (LANGUAGE !== "en") return ""; // the host's own sentences are in English
  return before.text ? tr("It was “{before}”, now “{now}”.", { before: before.text, now: entry.text }) : "";
}
