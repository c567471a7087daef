// The clock of the match, between entries too. Pure; it shows what the sport's own clock in
// sports/ shows (`clock`), which rides on every entry.

import { eventTime } from "./event_time.js";
import { standing } from "./state.js";

const MINUTE = 60_000;

const PERIODS = ["first_half", "second_half", "extra_first", "extra_second", "shootout"];

const BREAKS = {
  first_half: "Half-time",
  second_half: "End of normal time",
  extra_first: "Half-time of extra time",
  extra_second: "End of extra time",
  shootout: "End of the shoot-out",
};

const PERIOD_WORDS = {
  first_half: "First half",
  second_half: "Second half",
  extra_first: "Extra time, first half",
  extra_second: "Extra time, second half",
  shootout: "Shoot-out",
};

/**
 * Return the match clock, and the part of the match in words.
 * @param {object} state
 * @param {number} wall milliseconds since 1970, on the gateway's clock
 * @returns {{clock: string, part: string, running: boolean}}
 */
export function clock(state, wall) {
  const lines = standing(state);
  if (state.finished) return { clock: "", part: "", running: false };
  if (!lines.length) return { clock: "", part: "Not begun", running: false };
  const last = Date.parse(lines.at(-1).entry.time);
  const now = eventTime(state.event, wall);
  if (now === null) return asOfLast(state, lines);
  // The event's own clock may lag behind what hasty people reported.
  const time = Math.max(now, last);
  switch (state.event?.sport) {
    case "football":
      return football(state, lines, time);
    case "tennis":
      return tennis(state, lines, time);
    case "race":
      return race(lines, time);
    default:
      return { clock: "", part: "On", running: true };
  }
}

function asOfLast(state, lines) {
  const part = PERIOD_WORDS[state.score?.period] ?? "On";
  return { clock: lines.at(-1).entry.clock ?? "", part, running: true };
}

/** Return the periods of a football match, as far as whistles were reported. */
export function periods(lines) {
  const found = [];
  for (const { entry } of lines) {
    const name = entry.details?.period;
    if (entry.title === "period_start") {
      found.push({ name, began: Date.parse(entry.time), ended: null });
    } else if (entry.title === "period_end" || entry.title === "full_time") {
      const open = found.at(-1);
      if (open && open.ended === null) open.ended = Date.parse(entry.time);
    }
  }
  return found;
}

function football(state, lines, time) {
  const played = periods(lines);
  const now = played.at(-1);
  if (!now) {
    return { clock: "", part: "On", running: true };
  }
  if (now.ended !== null) return { clock: "", part: BREAKS[now.name] ?? "Break", running: false };
  const part = PERIOD_WORDS[now.name] ?? "On";
  if (now.name === "shootout") return { clock: "", part, running: true };
  return { clock: minute(state.event?.rules, now, time), part, running: true };
}

function minute(rules, period, time) {
  const length = nominal(rules, period.name);
  const before = PERIODS.slice(0, PERIODS.indexOf(period.name)).reduce(
    (sum, name) => sum + nominal(rules, name),
    0,
  );
  // The first minute is 1': the one that is running, as scorers are listed.
  const running = Math.floor((time - period.began) / MINUTE) + 1;
  return running > length ? `${before + length}+${running - length}'` : `${before + running}'`;
}

function nominal(rules, period) {
  if (period === "shootout") return 0;
  const half = period === "first_half" || period === "second_half";
  return half ? (rules?.half_minutes ?? 45) : (rules?.extra_minutes ?? 15);
}

function tennis(state, lines, time) {
  const sets = state.score?.previous?.length ?? 0;
  const elapsed = hms(time - Date.parse(lines[0].entry.time), 2);
  return { clock: elapsed, part: `Set ${sets + 1}`, running: true };
}

function race(lines, time) {
  const start = lines.find(({ entry }) => entry.title === "start");
  if (!start) return { clock: "", part: "Not begun", running: false };
  return { clock: hms(time - Date.parse(start.entry.time), 1), part: "On", running: true };
}

function hms(milliseconds, digits) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = String(Math.floor(seconds / 3600)).padStart(digits, "0");
  return `${hours}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
