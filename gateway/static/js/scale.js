// Where things lie on the charts. Pure.

import { minutesBefore, stages } from "./clock.js";
import { extent } from "./event_time.js";
import { shortClock } from "./formatting.js";
import { outagesOf } from "./kinds.js";
import { shown } from "./presentation.js";
import { standing } from "./state.js";

const MINUTE = 60_000;

/**
 * Return the axis of a match in stages: these beside each other, without the breaks.
 * @param {object} state
 * @returns {{at: (time: number) => number, ticks: Array<{at: number, text: string}>, cuts: number[]}}
 *   `at` gives 0 to 1 for a time in milliseconds; `cuts` are where stages meet
 */
export function matchAxis(state) {
  const lines = standing(state);
  const last = lines.length ? Date.parse(lines.at(-1).entry.time) : 0;
  const format = shown(state).clock;
  const known = (name) => format.stages?.find((stage) => stage.name === name);
  const played = stages(state, format, lines);
  if (!played.length) return timeAxis(state);
  const parts = played.map((one, place) => {
    const next = played[place + 1]?.began ?? Infinity;
    const until = Math.min(one.ended ?? last, next);
    const stage = known(one.name);
    const length = Math.max((stage?.minutes ?? 15) * MINUTE, until - one.began);
    return { ...one, stage, length, until: one.began + length };
  });
  // Until it is over, what is played in any case lies ahead, empty.
  for (const stage of state.finished ? [] : format.stages) {
    if (stage.due && !played.some((one) => one.name === stage.name))
      parts.push({ name: stage.name, stage, began: Infinity, length: stage.minutes * MINUTE });
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
    ticks: minutes(format, parts),
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

function minutes(format, parts) {
  return parts.flatMap((part) => {
    const { stage } = part;
    if (!stage) return [];
    if (!stage.runs) return [{ at: part.from + part.share / 2, text: stage.tick }];
    const step = stage.minutes / stage.ticks;
    const before = minutesBefore(format, stage);
    const numbers = Array.from({ length: stage.ticks }, (_, place) => place + 1);
    return [...(part.from === 0 ? [0] : []), ...numbers].map((number) => ({
      at: part.from + ((number * step * MINUTE) / part.length) * part.share,
      text: `${Math.round(before + number * step)}'`,
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
    return near && { at: at(Date.parse(near.entry.time)), text: shortClock(near.entry.clock) };
  });
  return {
    at,
    ticks: apart(
      ticks.filter((tick) => tick?.text),
      0.2,
    ),
    cuts: [],
  };
}

/** Leave out ticks that would lie over each other. */
function apart(ticks, least) {
  const kept = [];
  for (const tick of ticks) {
    // A text at the end stands before its place.
    const room = tick.at > 0.9 ? 1.5 * least : least;
    if (!kept.length || tick.at - kept.at(-1).at >= room) kept.push(tick);
  }
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
  const { chart, score } = shown(state);
  const steps = [];
  const cuts = [];
  let [ahead, most, sets] = [0, 0, 0];
  for (const line of standing(state)) {
    const { entry } = line;
    const before = ahead;
    const step = chart.counts && entry.title === chart.counts;
    if (step) ahead += entry.origin === home ? 1 : -1;
    else if (!chart.counts) {
      const counts = entry.score?.[score.counts] ?? {};
      ahead = (counts[home] ?? 0) - (counts[away] ?? 0);
    }
    if (step || ahead !== before) steps.push({ lead: ahead, line });
    most = Math.max(most, Math.abs(ahead));
    const over = entry.score?.[score.sets] ?? [];
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
