// What an entry comes to, sport by sport: its title, whose it is, what else is known, how weighty it
// is. Pure.

import { capital, sentence, spaced } from "./formatting.js";

const FOOTBALL_KEY = new Set([
  "goal",
  "goal_disallowed",
  "second_yellow",
  "red_card",
  "yellow_card",
  "substitution",
  "penalty_saved",
  "penalty_missed",
  "shootout_scored",
  "shootout_saved",
  "shootout_missed",
]);

const PERIODS = {
  first_half: "first half",
  second_half: "second half",
  extra_first: "first half of extra time",
  extra_second: "second half of extra time",
  shootout: "shoot-out",
};

/**
 * @typedef {object} Moment
 * @property {string} icon the drawing's name
 * @property {string} title
 * @property {string} side whose it is; empty where it is nobody's
 * @property {string} who people and particulars
 * @property {string} then the score after it, where it changed it
 * @property {boolean} big it deserves the eye
 * @property {boolean} key it is one of the key moments
 * @property {boolean} whistle it parts the feed
 */

/**
 * Return what an entry comes to.
 * @param {object} state for the words on the sport's buttons
 * @param {object} entry
 * @returns {Moment}
 */
export function moment(state, entry) {
  const base = {
    icon: entry.title,
    title: kindText(state, entry.title),
    side: entry.origin,
    who: "",
    then: "",
    big: false,
    key: false,
    whistle: false,
  };
  switch (state.event?.sport) {
    case "football":
      return { ...base, ...football(state, entry, base) };
    case "tennis":
      return { ...base, ...tennis(state, entry) };
    case "race":
      return { ...base, ...race(entry) };
    default:
      return { ...base, ...other(state, entry) };
  }
}

/** Return the words on an action's button. */
export function kindText(state, title) {
  const known = state.kinds.find((kind) => kind.title === title);
  const action = known ?? state.actions.find((spec) => spec.title === title);
  return action?.text ?? capital(spaced(title));
}

function football(state, entry, base) {
  const details = entry.details ?? {};
  if (entry.title === "period_start" || entry.title === "period_end") {
    const name = PERIODS[details.period] ?? spaced(details.period ?? "");
    const begins = entry.title === "period_start";
    const goals = goalsText(state, entry.score);
    const title = begins ? `The ${name} begins` : `End of the ${name}${goals ? `, ${goals}` : ""}`;
    return { title, whistle: true, key: true };
  }
  if (entry.title === "full_time") {
    const goals = goalsText(state, entry.score);
    return { title: `Full time${goals ? `, ${goals}` : ""}`, whistle: true, key: true, side: "" };
  }
  const scored = entry.title === "goal";
  const own = scored && details.how === "own goal";
  const shootout = entry.title.startsWith("shootout");
  const counts = scored || entry.title === "goal_disallowed";
  return {
    title: own ? "Own goal" : base.title,
    who: entry.title === "substitution" ? swap(details) : people(details, own),
    then: counts ? goalsText(state, entry.score) : shootout ? kicksText(state, entry.score) : "",
    big: scored || entry.title === "red_card" || entry.title === "second_yellow",
    key: FOOTBALL_KEY.has(entry.title),
  };
}

function swap(details) {
  const { on, off } = details;
  if (on && off) return `${on} for ${off}`;
  return on ? `${on} comes on` : off ? `${off} goes off` : "";
}

function people(details, own) {
  const notes = [];
  if (details.how && details.how !== "open play" && !own) notes.push(details.how);
  if (details.person && details.person !== "player") notes.push(details.person);
  if (details.assist) notes.push(`assist ${details.assist}`);
  if (details.keeper) notes.push(`in goal ${details.keeper}`);
  return [details.player, ...notes].filter(Boolean).join(" · ");
}

/** Return goals as 2–1; empty where the score has none. */
export function goalsText(state, score) {
  const goals = score?.goals;
  return goals
    ? (state.event?.origins ?? Object.keys(goals)).map((one) => goals[one] ?? 0).join("–")
    : "";
}

function kicksText(state, score) {
  const kicks = score?.shootout;
  return kicks ? (state.event?.origins ?? []).map((one) => kicks[one] ?? 0).join("–") : "";
}

function tennis(state, entry) {
  const { how, player, reason } = entry.details ?? {};
  if (entry.title === "serve") {
    return { title: "Serves first", who: player ?? "", key: true };
  }
  if (entry.title !== "point") {
    return {
      who: reason ? sentence(String(reason)) : "",
      then: setsText(state, entry.score),
      big: true,
      key: true,
    };
  }
  const score = entry.score ?? {};
  const [one, two] = state.event?.origins ?? [];
  const both = (pair) => (pair?.[one] === undefined ? "" : `${pair[one]}–${pair[two]}`);
  const zero = (pair) => String(pair?.[one] ?? 0) === "0" && String(pair?.[two] ?? 0) === "0";
  if (!zero(score.points)) return { title: how ? capital(how) : "Point", then: both(score.points) };
  if (score.ended) {
    return {
      icon: "set",
      title: "Game, set and match",
      who: how ?? "",
      then: setsText(state, score),
      big: true,
      key: true,
    };
  }
  if (!zero(score.games))
    return { icon: "game", title: "Game", who: how ?? "", then: both(score.games), key: true };
  return {
    icon: "set",
    title: "Game and set",
    who: how ?? "",
    then: setsText(state, score),
    big: true,
    key: true,
  };
}

function setsText(state, score) {
  const [one, two] = state.event?.origins ?? [];
  return score?.sets ? `${score.sets[one] ?? 0}–${score.sets[two] ?? 0}` : "";
}

function race(entry) {
  const { at, time, reason } = entry.details ?? {};
  const everyone = entry.title === "start" && !entry.origin;
  return {
    title: everyone
      ? "The race is on"
      : undefinedOr(
          {
            split: `Passes ${at ?? ""}`.trim(),
            start: "Starts",
            finish: "Finishes",
            drop_out: "Drops out",
          }[entry.title],
          entry.title,
        ),
    who: [time, reason].filter(Boolean).join(" · "),
    whistle: everyone,
    big: entry.title === "finish",
    key: entry.title !== "split",
  };
}

function undefinedOr(text, name) {
  return text ?? capital(spaced(name));
}

function other(state, entry) {
  const who = Object.entries(entry.details ?? {})
    .map(([name, value]) => (typeof value === "string" ? value : `${spaced(name)} ${value}`))
    .join(" · ");
  const points = entry.score?.points;
  const origins = state.event?.origins ?? [];
  const then =
    points && origins.length === 2 ? origins.map((one) => points[one] ?? 0).join("–") : "";
  return { who, then, key: Boolean(points), whistle: !entry.origin && !who };
}
