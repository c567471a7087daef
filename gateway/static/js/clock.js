// The clock of the match, between entries too. Pure; it shows what the sport's own clock in
// sports/ shows (`clock`), which rides on every entry.

import { resumes } from "./course.js";
import { eventTime } from "./event_time.js";
import { shown } from "./presentation.js";
import { standing } from "./state.js";
import { tr } from "./texts.js";

const MINUTE = 60_000;

/**
 * Return the match clock, and the part of the match in words.
 * @param {object} state
 * @param {number} wall milliseconds since 1970, on the gateway's clock
 * @returns {{clock: string, part: string, running: boolean}}
 */
export function clock(state, wall) {
  const lines = standing(state);
  const format = shown(state).clock;
  if (state.finished) return { clock: "", part: "", running: false };
  if (!lines.length) return { clock: "", part: tr("Not begun"), running: false };
  const last = Date.parse(lines.at(-1).entry.time);
  const now = eventTime(state.event, wall);
  if (now === null) return asOfLast(state, format, lines);
  // The event's own clock may lag behind what hasty people reported.
  const time = Math.max(now, last);
  switch (format.kind) {
    case "stages":
      return minutes(state, format, lines, time);
    case "elapsed":
      return elapsed(state, format, lines, time);
    case "parts":
      return parts(state, format, lines, time);
    default:
      return { clock: "", part: numbered(state, format), running: true };
  }
}

function asOfLast(state, format, lines) {
  const stage = format.stages?.find((one) => one.name === state.score?.[format.key]);
  return { clock: lines.at(-1).entry.clock ?? "", part: stage?.text ?? "On", running: true };
}

/** Return the stages of a match, as far as whistles were reported. */
export function stages(state, format, lines) {
  const found = [];
  for (const { entry } of lines) {
    if (entry.title === format.begins) {
      const began = Date.parse(entry.time);
      found.push({ name: entry.details?.[format.key], began, ended: null, stops: [] });
    } else if (format.ends?.includes(entry.title)) {
      const open = found.at(-1);
      if (open && open.ended === null) open.ended = Date.parse(entry.time);
    } else if (entry.title === "state" && found.at(-1)?.ended === null) {
      heed(format, found.at(-1), entry);
    } else {
      goOn(state, found.at(-1), entry);
    }
  }
  return found;
}

/** Let a stage take into account what is stated while it lasts: interruptions, and its minute. */
function heed(format, stage, entry) {
  const { play, minute } = entry.details ?? {};
  const [time, last] = [Date.parse(entry.time), stage.stops.at(-1)];
  const stopped = last !== undefined && last.until === null;
  if (play === "interrupted" && !stopped) stage.stops.push({ since: time, until: null, entry });
  else if (play === "resumed" && stopped) last.until = Math.max(last.since, time);
  const known = format.stages.find((one) => one.name === stage.name);
  if (minute === undefined || !known?.runs) return;
  // The middle of the minute: nothing more is known.
  stage.began += played(stage, time) - (minute - minutesBefore(format, known) - 0.5) * MINUTE;
}

/** Let an interruption be over where an entry shows that play went on, and nobody said so. */
function goOn(state, stage, entry) {
  const stop = stage?.stops.at(-1);
  if (stop?.until === null && resumes(state, stop.entry, entry)) stop.until = Date.parse(entry.time);
}

/** Return how long a stage has been played at a time, milliseconds, without its interruptions. */
function played({ began, stops }, time) {
  const stood = stops
    .filter(({ since }) => since < time)
    .reduce((sum, { since, until }) => sum + Math.min(until ?? time, time) - since, 0);
  return time - began - stood;
}

function minutes(state, format, lines, time) {
  const now = stages(state, format, lines).at(-1);
  const known = format.stages.find((one) => one.name === now?.name);
  if (!now) return { clock: "", part: "On", running: true };
  if (now.ended !== null) return { clock: "", part: known?.after ?? tr("Break"), running: false };
  const part = known?.text ?? "On";
  if (!known?.runs) return { clock: "", part, running: true };
  const running = now.stops.at(-1)?.until !== null;
  return { clock: minute(format, known, played(now, time)), part, running };
}

/** Return the minutes that the stages before one last. */
export function minutesBefore(format, stage) {
  const before = format.stages.slice(0, format.stages.indexOf(stage));
  return before.reduce((sum, one) => sum + (one.runs ? one.minutes : 0), 0);
}

function minute(format, stage, since) {
  const before = minutesBefore(format, stage);
  // The first minute is 1': the one that is running, as scorers are listed.
  const running = Math.floor(since / MINUTE) + 1;
  const more = running - stage.minutes;
  return more > 0 ? `${before + stage.minutes}+${more}'` : `${before + running}'`;
}

/** Return what is played, by its number, where the sport says so. */
function numbered(state, format) {
  const number = (state.score?.[format.counted]?.length ?? 0) + 1;
  return format.part ? format.part.replace("{}", number) : "On";
}

/** Return the clock of the part that is played: its minute, or what is left of it. */
function parts(state, format, lines, time) {
  const now = { count: 0, on: false, began: null, stopped: null, interrupted: null, paused: 0 };
  for (const { entry } of lines) heedPart(state, format, now, entry);
  if (!now.count) return { clock: "", part: "On", running: true };
  const part = format.parts[now.count - 1];
  if (!now.on) return { clock: "", part: tr("Break"), running: false };
  const running = now.stopped === null;
  if (!part.minutes || now.began === null) return { clock: "", part: part.text, running };
  const ran = Math.max(0, Math.min(time, now.stopped ?? time) - now.began - now.paused);
  if (part.counts === "down") {
    const left = Math.max(0, Math.round(part.minutes * 60) - Math.floor(ran / 1000));
    return { clock: `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`, part: part.text, running };
  }
  const before = format.parts.slice(0, now.count - 1).reduce((sum, one) => sum + (one.minutes ?? 0), 0);
  const minute = Math.floor(ran / MINUTE) + 1;
  const added = minute - part.minutes;
  const more = added > 0 ? `+${added}` : "";
  return { clock: `${before + Math.min(minute, part.minutes)}${more}'`, part: part.text, running };
}

/** Let the clock of the part that is played take an entry into account. */
function heedPart(state, format, now, entry) {
  const time = Date.parse(entry.time);
  if (entry.title === "state") {
    const { play } = entry.details ?? {};
    if (play === "resumed") tell(format, now, "starts", time);
    if (play !== "interrupted") return;
    const ran = now.stopped === null;
    const already = now.interrupted !== null;
    tell(format, now, "stops", time);
    if (ran || already) now.interrupted = entry;
    return;
  }
  const stop = now.stopped === null ? null : now.interrupted;
  if (stop && resumes(state, stop, entry)) tell(format, now, "starts", time);
  for (const one of format.marks?.[entry.title] ?? []) tell(format, now, one, time);
}

function tell(format, now, one, time) {
  const part = format.parts[now.count - 1];
  if (one === "begins" && now.count < format.parts.length) {
    // The first part may be known by its points alone: this is its whistle.
    if (!now.count || now.began !== null || !now.on) now.count += 1;
    Object.assign(now, { began: time, on: true, stopped: null, paused: 0 });
  } else if (one === "ends" && (now.on || !now.count)) {
    Object.assign(now, { count: now.count || 1, on: false });
  } else if (one === "scores" && !now.count) {
    Object.assign(now, { count: 1, on: true });
  } else if ((one === "stops" || one === "starts") && now.on && part?.counts) {
    now.interrupted = null;
    if (one === "stops" && now.stopped === null) now.stopped = time;
    if (one === "starts" && now.stopped !== null) {
      now.paused += Math.max(0, time - now.stopped);
      now.stopped = null;
    }
  }
}

function elapsed(state, format, lines, time) {
  const starts = lines.filter(({ entry }) => !format.since || entry.title === format.since);
  // After a false start the clock stands at zero once more.
  const again = format.since ? starts.filter(({ entry }) => /^[0:]+$/.test(entry.clock)) : [];
  const start = again.at(-1) ?? starts[0];
  if (!start) return { clock: "", part: tr("Not begun"), running: false };
  const part = numbered(state, format);
  const since = { began: Date.parse(start.entry.time), stops: format.stands ? stops(state, lines) : [] };
  const running = since.stops.at(-1)?.until !== null;
  return { clock: hms(played(since, time), format.hours), part, running };
}

/** Return from when until when play was interrupted. */
function stops(state, lines) {
  const found = [];
  for (const { entry } of lines) {
    const time = Date.parse(entry.time);
    const [last, play] = [found.at(-1), entry.details?.play];
    const open = last !== undefined && last.until === null;
    if (entry.title === "state" && play === "interrupted") {
      if (!open) found.push({ since: time, until: null, entry });
    } else if (open && (play === "resumed" || resumes(state, last.entry, entry))) last.until = time;
  }
  return found;
}

function hms(milliseconds, digits) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const hours = String(Math.floor(seconds / 3600)).padStart(digits, "0");
  return `${hours}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
}
