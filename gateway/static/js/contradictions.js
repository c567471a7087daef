// A report that names somebody of the wrong side, by the line-ups, is asked about before it is sent.
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
  if (!found) return null;
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
    answers: answers.filter((answer) => !misplaced(state, kind, answer)),
  };
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
    const turned = rule.other || (rule.other_when && fits(rule.other_when, { details }));
    const [wanted, other] = origins.map((one) => lineups[one] ?? []);
    const first = (origin === origins[0]) !== Boolean(turned);
    const [own, theirs] = first ? [wanted, other] : [other, wanted];
    const found = find(theirs, said);
    if (!found.length || find(own, said).length || fitting(own, said).length === 1) continue;
    if (own.length || has(theirs, said))
      return { detail, name: found.length === 1 ? found[0] : said, side: origins[first ? 1 : 0] };
  }
  return null;
}
