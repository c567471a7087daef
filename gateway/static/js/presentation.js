// How the event's sport is shown, as the gateway says it in `setup`: docs/SPORTS.md lists the fields.
// What is left out is empty. Pure.

import { capital, spaced } from "./formatting.js";
import { tr } from "./texts.js";

/** What holds until it is said. */
const NOTHING = {
  score: {
    kind: "sides",
    counts: "points",
    table: { title: tr("Standing"), name: tr("Side"), figure: tr("Points") },
  },
  clock: { kind: "none" },
  lineup: {},
  chart: { kind: "lead", text: tr("in points") },
  form: { kind: "counts", extra: "{}" },
};

/** Return how the event's sport is shown. */
export function shown(state) {
  return state.presentation ?? NOTHING;
}

/** Return the match clock of an entry, and in a stage that has none what stands for it. */
export function clockOf(state, entry) {
  const { key, stages } = shown(state).clock ?? {};
  const stage = stages?.find((one) => one.name === entry.score?.[key]);
  return (entry.clock && stage?.runs === false && stage.tick) || entry.clock || "";
}

/** Return whether an entry is as a condition says; none fits any. */
export function fits(when, entry) {
  if (!when) return true;
  const details = entry.details ?? {};
  const [some, any] = [Boolean(entry.origin), Object.keys(details).length > 0];
  if (when.origin && some !== (when.origin === "some")) return false;
  if (when.details && any !== (when.details === "some")) return false;
  if (when.detail && details[when.detail] === undefined) return false;
  if (when.value && details[when.detail] !== when.value) return false;
  return !when.counts || counts(entry.score?.[when.counts]);
}

/** Return whether a part of a score says more than nothing: 0, "0" and empty do not. */
function counts(part) {
  const values = part && typeof part === "object" ? Object.values(part) : [part];
  return values.some((one) => Boolean(one) && String(one) !== "0");
}

/** Return how an entry is shown; an empty object where nothing is said of it. */
export function lookOf(state, entry) {
  const { looks, other } = shown(state);
  const found = looks?.[entry.title] ?? other ?? [];
  return found.find((look) => fits(look.when, entry)) ?? {};
}

/** Return the first of several templates whose names are all known, filled; empty where none is. */
export function say(state, entry, templates) {
  for (const template of templates ?? []) {
    let known = true;
    const text = template.replaceAll(/\{([\w.]+)\}/g, (_, name) => {
      const found = valueOf(state, entry, name);
      known &&= found !== "";
      return found;
    });
    if (known) return text.replace(/([.!?…])\.$/, "$1");
  }
  return "";
}

function valueOf(state, entry, name) {
  if (name.startsWith("score.")) return pair(state, entry.score, name.slice("score.".length));
  const found = entry.details?.[name] ?? "";
  const { words, unsaid } = shown(state);
  if (unsaid?.[name]?.includes(found)) return "";
  return words?.[name]?.[found] ?? (words?.[name] ? spaced(found) : String(found));
}

/** Return what a detail is called; with a capital unless it stands in a sentence. */
export function detailText(state, name, first = true) {
  const text = shown(state).labels?.[name] ?? spaced(name);
  return first ? capital(text) : text;
}

/** Return a value of a detail in words. */
export function valueText(state, name, value) {
  return shown(state).words?.[name]?.[value] ?? spaced(value);
}

/** Return a number as it stands in a score: with a minus that is no dash. */
export function figure(number) {
  return String(number).replace(/^-/, "\u2212");
}

/**
 * Return what two sides have under a key of a score as 2–1, and as 2 – −1 where it is below nothing;
 * empty where there is no such.
 */
export function pair(state, score, key, dash = "–") {
  const sides = state.event?.origins ?? [];
  const found = score?.[key];
  if (sides.length !== 2 || !found || typeof found !== "object") return "";
  const figures = sides.map((side) => found[side] ?? 0);
  if (dash !== "–" || figures.every((one) => !(one < 0))) return figures.join(dash);
  return figures.map(figure).join(` ${dash} `);
}

/** Return the words on an action's button. */
export function kindText(state, title) {
  return state.kinds.find((kind) => kind.title === title)?.text ?? capital(spaced(title));
}

/** Return what is taken back afterwards: the look of what took it back, by the entry's id. */
export function takenBack(lines, state) {
  const taken = new Map();
  for (const { entry } of lines) {
    const look = entry.relates_to ? lookOf(state, entry) : {};
    if (look.takes_back) taken.set(entry.relates_to, look);
  }
  return taken;
}
