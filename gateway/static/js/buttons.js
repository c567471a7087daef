// What can be reported, and what has to be asked first. Pure.

import { interrupted } from "./course.js";
import { fits, pair, shown } from "./presentation.js";
import { standing } from "./state.js";
import { tr } from "./texts.js";

/** The title of every statement. */
export const STATEMENT = "state";

/** The most entries that a statement is offered to be about, the newest. */
const ABOUT = 4;

/** The most origins that stand beside each other as columns. */
export const COLUMNS = 4;

/**
 * Return the actions to offer.
 * @param {object} state
 * @returns {{sided: object[], whole: object[]}} kinds that an origin makes, and those without one
 */
export function offered(state) {
  const none = !state.event?.origins?.length;
  return {
    sided: state.kinds.filter((kind) => kind.needs_origin !== false && !none),
    whole: state.kinds.filter((kind) => kind.needs_origin === false || none),
  };
}

/**
 * Return the actions of a side in the order of their buttons.
 * @returns {{first: object[], more: object[]}} those seen at once, and those under "more"
 */
export function folded(state, kinds) {
  const order = shown(state).pad ?? [];
  if (!order.length) return { first: kinds, more: [] };
  const first = order.map((title) => kinds.find((kind) => kind.title === title)).filter(Boolean);
  return { first, more: kinds.filter((kind) => !first.includes(kind)) };
}

/**
 * Return the detail that says who did what was reported, and the names to choose from.
 * @param {object} state
 * @param {Array<{side: string, players: object[]}>} sides from `lineups`
 * @param {object} event of a report
 * @returns {{detail: string, names: string[]}|null} null where that is known, or can't be asked
 */
export function whoOf(state, sides, event) {
  const kind = state.kinds.find((one) => one.title === event.title);
  const first = kind?.details.find((one) => names(state, sides, event.origin, one.name).length);
  if (!first || event.details?.[first.name] !== undefined) return null;
  return { detail: first.name, names: names(state, sides, event.origin, first.name) };
}

/** Return the statements to offer: those that change something as things stand. */
export function offeredStatements(state) {
  const stopped = interrupted(state) !== null;
  const reviewed = standing(state).some((line) => line.entry.review);
  return state.statements.filter((one) => {
    if (one.says.review !== undefined) return (one.says.review === "over") === reviewed;
    if (one.says.play === undefined) return true;
    return (one.says.play === "interrupted") !== stopped;
  });
}

/** Return the entries that a statement may be about, the newest first. */
export function aboutOf(state, statement) {
  const begins = statement.says.review === "begun";
  return standing(state)
    .map((line) => line.entry)
    .filter((entry) => (begins ? statement.of.includes(entry.title) && !entry.review : entry.review))
    .slice(-ABOUT)
    .reverse();
}

/** Return what a statement says, in words. */
export function statedWords(state, details) {
  const says = (button) =>
    Object.entries(button.says).every(([name, value]) => details[name] === value) &&
    button.details.every((detail) => !detail.required || details[detail.name] !== undefined);
  return state.statements.find(says)?.text ?? tr("Statement");
}

/** Return what is asked before an action is said. */
export function asked(kind, everything) {
  return kind.details.filter((detail) => detail.required || everything);
}

/**
 * Return the names to choose from for a detail; empty where the detail names no player.
 * @param {object} state
 * @param {Array<{side: string, players: object[]}>} sides from `lineups`
 * @param {string} origin
 * @param {string} name the detail's
 * @param {object} known the details that were chosen already
 */
export function names(state, sides, origin, name, known = {}) {
  const named = shown(state).lineup.named?.[name];
  if (!named) return [];
  const at = sides.findIndex((side) => side.side === origin);
  if (at < 0) return [];
  // Such as the keeper at a penalty, and the scorer of an own goal.
  const other = named.other || (named.other_when && fits(named.other_when, { details: known }));
  const side = sides[other && sides.length === 2 ? 1 - at : at];
  const playing = side.players.filter((one) => (one.starts || one.on) && !one.off && !one.gone);
  const bench = side.players.filter((one) => !one.starts && !one.on && !one.gone);
  const found = { bench, playing }[named.of] ?? [...playing, ...bench];
  return found.map((one) => one.name);
}

/**
 * Return the details to send: what was left empty is left out, numbers are numbers.
 * @param {object} kind
 * @param {object} given texts by name
 * @returns {{details: object, missing: string}} `missing`: a required detail's name, or empty
 */
export function details(kind, given) {
  const found = {};
  for (const detail of kind.details) {
    const text = String(given[detail.name] ?? "").trim();
    if (!text) {
      if (detail.required) return { details: {}, missing: detail.name };
      continue;
    }
    const number = Number(text.replace(",", "."));
    if (detail.number && !Number.isFinite(number)) return { details: {}, missing: detail.name };
    found[detail.name] = detail.number ? number : text;
  }
  return { details: found, missing: "" };
}

/**
 * Return what to ask for when the host wants the score confirmed.
 * @param {object} state
 * @returns {{fields: Array<{label: string, value: number}>|null, text: string, hint: string}}
 *   `fields`: numbers; null where a text is asked for
 */
export function scoreForm(state) {
  const sides = state.event?.origins ?? [];
  const { form, score: layout } = shown(state);
  const score = state.score ?? {};
  switch (form.kind) {
    case "text":
      return {
        fields: null,
        text: setsText(state, layout),
        hint: form.label.replace("{first}", sides[0]),
      };
    case "one":
      return { fields: [{ label: form.label, value: score[form.key] ?? 0 }], text: "", hint: "" };
    default:
      return { fields: counted(sides, layout, form, score), text: "", hint: "" };
  }
}

function counted(sides, layout, form, score) {
  const fields = sides.map((side) => ({ label: side, value: score[layout.counts]?.[side] ?? 0 }));
  const further = score[layout.extra];
  if (!further) return fields;
  const more = sides.map((side) => ({
    label: form.extra.replace("{}", side),
    value: further[side] ?? 0,
  }));
  return [...fields, ...more];
}

function setsText(state, layout) {
  const score = state.score ?? {};
  const sets = (score[layout.sets] ?? []).map((set) => set.join("-"));
  const now = layout.columns.map((column) => pair(state, score, column.key, "-"));
  // What is counted last says nothing at 0-0.
  if (now.at(-1) === "0-0") now.pop();
  return [...sets, ...now].filter(Boolean).join(" ");
}

/** Return the numbers of a score as the host reads them: 2-1, 3-3 (4-2), 11, 9, 0. */
export function scoreText(state, numbers) {
  const two = state.event?.origins?.length === 2;
  if (two && numbers.length === 4) {
    return `${numbers[0]}-${numbers[1]} (${numbers[2]}-${numbers[3]})`;
  }
  const plain = numbers.length === 2 && numbers.every((one) => one >= 0);
  return plain ? numbers.join("-") : numbers.join(", ");
}
