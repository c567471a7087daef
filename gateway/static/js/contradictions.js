// A report that names somebody of the wrong side, by the line-ups, or somebody twice, is asked about
// before it is sent.
// The host refuses it (sports/contradictions.py). Pure.

import { find, fitting, has, read } from "./names.js";
import { fits, shown, valueText } from "./presentation.js";
import { tr } from "./texts.js";

/**
 * Return what is to be asked before a report is sent; null where nothing is.
 * @param {object} state
 * @param {object} kind
 * @param {{origin: string, details: object}} said
 * @returns {{title: string, words: string, answers: Array<{text: string, origin: string,
 *   details: object}>}|null}
 */
export function contradiction(state, kind, said) {
  const found = misplaced(state, kind, said);
  if (!found) return twice(state, kind, said);
  const { origin, details } = said;
  const other = state.event.origins.find((one) => one !== origin);
  const turns = named(state)[found.detail].other_when;
  const gains = turns && kind.details.some((detail) => detail.name === turns.detail);
  const answers = gains
    ? gaining(state, turns, { origin, other, details })
    : [
        { text: other, origin: other, details },
        { text: tr("{side}, without the name", { side: origin }), origin, details: without(details, found.detail) },
      ];
  return {
    title: gains ? tr("Which side gains?") : tr("Which side is it?"),
    words: tr("{name} is in the line-up of {side}.", found),
    answers: consistent(state, kind, answers),
  };
}

/** Return what is to be asked where one person is named in two parts; null where none is. */
function twice(state, kind, said) {
  const found = doubled(state, kind, said);
  if (!found) return null;
  const { origin, details } = said;
  const offer = (part, other) => ({
    text: `${kind.details.find((detail) => detail.name === part)?.text ?? part}: ${found.name}`,
    origin,
    details: without(details, other),
  });
  const answers = [offer(found.first, found.detail), offer(found.detail, found.first)];
  return {
    title: tr("Which is it?"),
    words: tr("{name} is named twice.", found),
    answers: consistent(state, kind, answers),
  };
}

function consistent(state, kind, answers) {
  return answers.filter((one) => !misplaced(state, kind, one) && !doubled(state, kind, one));
}

/** Return the answers where a detail, as that of an own goal, says of which side the player is. */
function gaining(state, turns, { origin, other, details }) {
  const turned = details[turns.detail] === turns.value;
  const rest = without(details, turns.detail);
  const mark = ` (${valueText(state, turns.detail, turns.value)})`;
  return [
    {
      text: turned ? origin : origin + mark,
      origin,
      details: turned ? rest : { ...rest, [turns.detail]: turns.value },
    },
    { text: turned ? other + mark : other, origin: other, details },
  ];
}

function without(details, name) {
  const { [name]: _, ...rest } = details;
  return rest;
}

function named(state) {
  return shown(state).lineup.named ?? {};
}

/** Return the first detail that names somebody of the wrong side; null where none does. */
function misplaced(state, kind, { origin, details }) {
  const { origins = [], lineups = {} } = state.event ?? {};
  if (!shown(state).lineup.checked?.includes(kind.title)) return null;
  if (origins.length !== 2 || !origins.includes(origin)) return null;
  for (const [detail, said] of Object.entries(details)) {
    const rule = named(state)[detail];
    if (!rule || typeof said !== "string" || !read(said).words.length) continue;
    const first = ofFirst(state, rule, { origin, details });
    const [one, other] = origins.map((each) => lineups[each] ?? []);
    const [own, theirs] = first ? [one, other] : [other, one];
    const found = find(theirs, said);
    if (!found.length || find(own, said).length || fitting(own, said).length === 1) continue;
    if (own.length || has(theirs, said))
      return { detail, name: found.length === 1 ? found[0] : said, side: origins[first ? 1 : 0] };
  }
  return null;
}

/** Return the first detail that names somebody whom another one names; null where none does. */
function doubled(state, kind, { origin, details }) {
  const { origins = [], lineups = {} } = state.event ?? {};
  if (!shown(state).lineup.checked?.includes(kind.title)) return null;
  if (origins.length !== 2 || !origins.includes(origin)) return null;
  const known = new Map();
  for (const [detail, said] of Object.entries(details)) {
    const rule = named(state)[detail];
    if (!rule || typeof said !== "string") continue;
    const side = ofFirst(state, rule, { origin, details }) ? 0 : 1;
    const [name, ...more] = find(lineups[origins[side]] ?? [], said);
    if (!name || more.length) continue;
    const person = `${side} ${name}`;
    if (known.has(person)) return { detail, first: known.get(person), name };
    known.set(person, detail);
  }
  return null;
}

/** Return whether a detail names people of the origin that is listed first. */
function ofFirst(state, rule, { origin, details }) {
  const turned = rule.other || (rule.other_when && fits(rule.other_when, { details }));
  return (origin === state.event.origins[0]) !== Boolean(turned);
}
