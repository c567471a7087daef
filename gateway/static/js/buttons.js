// What can be reported, and what has to be asked first. Pure.

/** Details that name somebody in a line-up. */
const PEOPLE = new Set(["player", "assist", "off", "on", "keeper"]);

/** The most origins that stand beside each other as columns. */
export const COLUMNS = 4;

/**
 * Return the actions to offer.
 * @param {object} state
 * @returns {{sided: object[], whole: object[]}} kinds that somebody makes, and those nobody does
 */
export function offered(state) {
  const kinds = state.kinds.length ? state.kinds : state.actions.map(plainKind);
  const none = !state.event?.origins?.length;
  return {
    sided: kinds.filter((kind) => kind.needs_origin !== false && !none),
    whole: kinds.filter((kind) => kind.needs_origin === false || none),
  };
}

/** An action of a sport that is not installed at the gateway: only the names of details are known. */
function plainKind(action) {
  const details = (action.details ?? []).map((name) => ({
    name,
    text: name,
    choices: [],
    number: false,
    required: false,
  }));
  return { title: action.title, text: action.text, needs_origin: true, details };
}

/** Return what is asked before an action is said. */
export function asked(kind, everything) {
  return kind.details.filter((detail) => detail.required || everything);
}

/**
 * Return the names to choose from for a detail; empty where it names nobody.
 * @param {object} state
 * @param {Array<{side: string, players: object[]}>} sides from `lineups`
 * @param {string} origin
 * @param {string} name the detail's
 * @param {object} known the details that were chosen already
 */
export function names(state, sides, origin, name, known = {}) {
  if (!PEOPLE.has(name)) return [];
  const at = sides.findIndex((side) => side.side === origin);
  if (at < 0) return [];
  // Who scores an own goal, and the keeper who faces a penalty, are of the other side.
  const other = (name === "player" && known.how === "own goal") || name === "keeper";
  const side = sides[other && sides.length === 2 ? 1 - at : at];
  const playing = side.players.filter((one) => (one.starts || one.on) && !one.off && !one.red);
  const bench = side.players.filter((one) => !one.starts && !one.on && !one.red);
  const found = name === "on" ? bench : name === "off" ? playing : [...playing, ...bench];
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
  const score = state.score ?? {};
  switch (state.event?.sport) {
    case "tennis":
      return {
        fields: null,
        text: tennisText(score, sides),
        hint: `Sets, games, points, ${sides[0]} first: 6-4 3-2 40-15`,
      };
    case "race":
      return { fields: [{ label: "Runners in", value: score.finished ?? 0 }], text: "", hint: "" };
    case "football": {
      const fields = sides.map((side) => ({ label: side, value: score.goals?.[side] ?? 0 }));
      const kicks = score.shootout
        ? sides.map((side) => ({
            label: `${side}, kicks scored`,
            value: score.shootout[side] ?? 0,
          }))
        : [];
      return { fields: [...fields, ...kicks], text: "", hint: "" };
    }
    default:
      return {
        fields: sides.map((side) => ({ label: side, value: score.points?.[side] ?? 0 })),
        text: "",
        hint: "",
      };
  }
}

function tennisText(score, sides) {
  const [one, two] = sides;
  const pair = (found) => (found?.[one] === undefined ? "" : `${found[one]}-${found[two]}`);
  const sets = (score.previous ?? []).map((games) => games.join("-"));
  const points = pair(score.points);
  return [...sets, pair(score.games), points === "0-0" ? "" : points].filter(Boolean).join(" ");
}

/** Return the numbers of a score as the host reads them: 2-1, 3-3 (4-2), 11, 9, 0. */
export function scoreText(state, numbers) {
  const { sport } = state.event ?? {};
  if (sport === "race") return String(numbers[0]);
  if (sport === "football") {
    const goals = `${numbers[0]}-${numbers[1]}`;
    return numbers.length > 2 ? `${goals} (${numbers[2]}-${numbers[3]})` : goals;
  }
  const plain = numbers.length === 2 && numbers.every((one) => one >= 0);
  return plain ? numbers.join("-") : numbers.join(", ");
}
