// Where things lie on the charts. Pure.

import { periods } from "./clock.js";
import { extent } from "./event_time.js";
import { outagesOf } from "./kinds.js";
import { standing } from "./state.js";

const MINUTE = 60_000;

const NOMINAL = { first_half: 45, second_half: 45, extra_first: 15, extra_second: 15, shootout: 5 };

const BEFORE = {
  first_half: 0,
  second_half: 45,
  extra_first: 90,
  extra_second: 105,
  shootout: 120,
};

/**
 * Return the axis of a football match: the periods beside each other, without the breaks.
 * @param {object} state
 * @returns {{at: (time: number) => number, ticks: Array<{at: number, text: string}>, cuts: number[]}}
 *   `at` gives 0 to 1 for a time in milliseconds; `cuts` are where periods meet
 */
export function matchAxis(state) {
  const lines = standing(state);
  const last = lines.length ? Date.parse(lines.at(-1).entry.time) : 0;
  const played = periods(lines);
  if (!played.length) return timeAxis(state);
  // Until it is over, the rest of normal time lies ahead, empty.
  const names = played.map((one) => one.name);
  const parts = played.map((one, place) => {
    const next = played[place + 1]?.began ?? Infinity;
    const until = Math.min(one.ended ?? last, next);
    const length = Math.max((NOMINAL[one.name] ?? 15) * MINUTE, until - one.began);
    return { ...one, length, until: one.began + length };
  });
  if (!state.finished && !names.includes("second_half")) {
    parts.push({ name: "second_half", began: Infinity, length: 45 * MINUTE });
  }
  const whole = parts.reduce((sum, part) => sum + part.length, 0);
  let from = 0;
  for (const part of parts) {
    part.from = from / whole;
    part.share = part.length / whole;
    from += part.length;
  }
  return {
    at: (time) => within(parts, time),
    ticks: minutes(parts),
    cuts: parts.slice(1).map((part) => part.from),
  };
}

function within(parts, time) {
  let place = 0;
  for (const part of parts) {
    if (time >= part.began)
      place = part.from + Math.min(1, (time - part.began) / part.length) * part.share;
  }
  return place;
}

function minutes(parts) {
  return parts.flatMap((part) => {
    if (part.name === "shootout") return [{ at: part.from + part.share / 2, text: "pens" }];
    const extra = part.name.startsWith("extra");
    const step = extra ? 15 : (NOMINAL[part.name] ?? 45) / 3;
    const before = BEFORE[part.name] ?? 0;
    const first = part.from === 0 ? [0] : [];
    return [...first, ...(extra ? [1] : [1, 2, 3])].map((number) => ({
      at: part.from + ((number * step * MINUTE) / part.length) * part.share,
      text: `${before + number * step}'`,
    }));
  });
}

/** Return a plain axis from the first entry to the last, ticks as the match's clock shows them. */
export function timeAxis(state) {
  const lines = standing(state);
  const times = lines.map((line) => Date.parse(line.entry.time));
  const [first, last] = [times[0] ?? 0, times.at(-1) ?? 1];
  const whole = Math.max(1, last - first);
  const at = (time) => Math.max(0, Math.min(1, (time - first) / whole));
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const near = lines[Math.round(share * (lines.length - 1))];
    return near && { at: at(Date.parse(near.entry.time)), text: near.entry.clock ?? "" };
  });
  return {
    at,
    ticks: apart(
      ticks.filter((tick) => tick?.text),
      0.12,
    ),
    cuts: [],
  };
}

/** Leave out ticks that would lie over each other. */
function apart(ticks, least) {
  const kept = [];
  for (const tick of ticks) if (!kept.length || tick.at - kept.at(-1).at >= least) kept.push(tick);
  return kept;
}

/**
 * Return how far the first side was ahead after each entry that counts.
 * @param {object} state of two sides
 * @returns {{steps: Array<{lead: number, line: object}>, cuts: Array<{step: number, text: string}>, most: number}}
 *   `cuts`: where a set ended, after so many steps
 */
export function lead(state) {
  const [home, away] = state.event?.origins ?? [];
  const steps = [];
  const cuts = [];
  let [ahead, most, sets] = [0, 0, 0];
  for (const line of standing(state)) {
    const { entry } = line;
    const before = ahead;
    if (state.event?.sport === "tennis") {
      if (entry.title === "point") ahead += entry.origin === home ? 1 : -1;
    } else {
      const points = entry.score?.points ?? {};
      ahead = (points[home] ?? 0) - (points[away] ?? 0);
    }
    const counts = state.event?.sport === "tennis" ? entry.title === "point" : ahead !== before;
    if (counts) steps.push({ lead: ahead, line });
    most = Math.max(most, Math.abs(ahead));
    const over = entry.score?.previous ?? [];
    if (over.length > sets) {
      sets = over.length;
      cuts.push({ step: steps.length, text: over.at(-1).join("–") });
    }
  }
  return { steps, cuts, most };
}

/**
 * Return the agreement of the crowd on each standing entry.
 * @returns {{dots: Array<{share: number, against: number, line: object}>, median: number, disputed: number}}
 *   shares of those present, 0 to 1
 */
export function agreement(state) {
  const dots = standing(state).map((line) => {
    const { for: said = 0, against = 0, present = 0 } = line.entry.evidence ?? {};
    const there = Math.max(1, present, said + against);
    return { share: said / there, against: against / there, line };
  });
  const ranked = dots.map((dot) => dot.share).sort((a, b) => a - b);
  const median = ranked.length ? ranked[Math.floor(ranked.length / 2)] : 0;
  return { dots, median, disputed: dots.filter((dot) => dot.against > 0).length };
}

/** Return where the outages lie on an axis: pairs of 0 to 1. */
export function outages(state, axis) {
  return outagesOf(state)
    .map((outage) => extent(state, outage))
    .filter(([since]) => Number.isFinite(since))
    .map(([since, until]) => [axis.at(since), axis.at(until ?? Infinity)])
    .filter(([from, to]) => to > from);
}
