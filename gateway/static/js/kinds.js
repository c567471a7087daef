// What comes of each kind of message: the one table of the page. Pure.
//
// A new message on the feed has its row here; one that is shown between the entries needs no more.

import { noteClaims } from "./claims.js";
import { endingText } from "./ending.js";
import { eventTime, extent } from "./event_time.js";
import { restoredText, sentence, timeOfDay } from "./formatting.js";
import { tr } from "./texts.js";

/**
 * @typedef {object} Kind what holds for all messages of one type
 * @property {boolean} [seq] it has a place on the feed: it is taken once, and in order
 * @property {(state: object, message: object, at: number) => string|void} [fold] changes the state;
 *   returns "hole" or "ignored" where the message was not simply taken
 * @property {(state: object, message: object) => void} [remark] notes what stands between the
 *   entries, in `state.remarks`; a snapshot repeats such messages
 */

/** @type {Object<string, Kind>} by the message's `type` */
export const KINDS = {
  setup: { fold: setUp },
  snapshot: { fold: snapshot },
  entry: { seq: true, fold: put },
  alarm: { seq: true, remark: interrupt, fold: suspend },
  restored: { seq: true, remark: resume, fold: goOn },
  finished: { seq: true, remark: noteEnd, fold: finish },
  unknown: { seq: true }, // the gateway could not read it: it has a seq all the same
  heartbeat: { fold: beat },
  status: { fold: status },
};

/**
 * How what stands between the entries is shown, by its `kind`.
 *
 * `at` gives milliseconds of event time, NaN where they are not known; `row` what is drawn: a `key`
 * that no other one has, the `version` of what it says, `icon`, `title`, `text` (may be empty), and
 * whether it is `open`, such as an outage that is not over.
 */
export const REMARKS = {
  outage: { at: outageAt, row: outageRow },
  end: { at: (state, { at }) => at, row: ({ finished }) => endRow(finished) },
};

/** Return what holds for a message; undefined where its type is not known here. */
export function kindOf(message) {
  return Object.hasOwn(KINDS, message.type) ? KINDS[message.type] : undefined;
}

function setUp(state, message) {
  if (message.event?.event) state.event = message.event;
  // A brief setup leaves out what came with the page.
  state.kinds = message.kinds ?? state.kinds;
  state.statements = message.statements ?? state.statements;
  state.presentation = message.presentation ?? state.presentation;
  state.interval = message.heartbeat ?? state.interval;
  const first = state.counts.joins === 0;
  state.counts.joins += 1;
  if (message.recovered) {
    state.epoch = message.epoch ?? state.epoch;
    // What was published between the page and its first connection was not missed.
    state.promised = first ? 0 : Math.max(0, (message.seq ?? state.seq) - state.seq);
    state.counts.lost += state.promised;
  } else {
    state.promised = 0;
  }
}

function snapshot(state, message, at) {
  const counts = state.counts;
  if (state.joined && message.epoch === state.epoch) {
    // What lies between is in the snapshot, if never seen one by one here.
    const missed = Math.max(0, message.seq - state.seq);
    counts.lost += missed;
    counts.repaired += missed;
  }
  counts.snapshots += 1;
  state.ready = message.ready ?? true;
  state.earlier = message.earlier ?? 0;
  state.lastReceived = "";
  state.epoch = message.epoch;
  state.seq = message.seq;
  state.digest = message.digest ?? "";
  state.digestSeq = message.seq;
  state.score = message.score ?? {};
  state.headline = message.headline ?? "";
  const before = state.byId;
  const upheld = new Set(message.upheld);
  state.byId = new Map();
  state.entries = [];
  for (const entry of message.entries ?? []) {
    const late = before.get(entry.entry_id)?.late ?? false;
    const reviewed = entry.reviewed || (upheld.has(entry.entry_id) ? "upheld" : "");
    const line = { entry, late, reviewed, changed: 0 };
    state.entries.push(line);
    state.byId.set(entry.entry_id, line);
  }
  state.entries.sort(inMatchOrder);
  state.remarks = [];
  for (const one of message.interruptions ?? []) kindOf(one)?.remark?.(state, one);
  state.finished = Boolean(message.finished);
  state.ending = message.ending ?? null;
  status(state, message, at);
  if (state.finished) state.mode = "finished";
  state.joined = true;
  state.version += 1;
}

/**
 * Take standing entries that a snapshot left out, as the timeline has them.
 * @param {object} state changed in place
 * @param {Array<object>} entries in match order
 * @param {number} earlier how many stand before these
 */
export function takeEarlier(state, entries, earlier) {
  for (const entry of entries) {
    if (state.byId.has(entry.entry_id)) continue;
    const line = { entry, late: false, reviewed: entry.reviewed ?? "", changed: 0 };
    state.entries.push(line);
    state.byId.set(entry.entry_id, line);
  }
  state.entries.sort(inMatchOrder);
  state.earlier = earlier;
  state.version += 1;
}

function put(state, entry, at) {
  const old = state.byId.get(entry.entry_id);
  if (old) {
    let place = firstAt(state.entries, old.entry.time);
    while (state.entries[place] !== old) place += 1; // among those of one time
    state.entries.splice(place, 1);
  }
  const reviewed = outcome(state, old, entry);
  const line = { entry, late: old?.late ?? false, reviewed, changed: at };
  const place = placeOf(state.entries, line);
  if (!old && place < state.entries.length) line.late = true;
  state.entries.splice(place, 0, line);
  state.byId.set(entry.entry_id, line);
}

/** Return what a review of an entry came to: upheld, overturned, or empty before and without one. */
function outcome(state, old, entry) {
  if (entry.review) return "";
  if (entry.reviewed) return entry.reviewed;
  const gone = entry.status === "DELETED";
  if (!old?.entry.review) return gone ? "" : (old?.reviewed ?? "");
  const by = ({ entry: other }) =>
    other.relates_to === entry.entry_id && other.status !== "DELETED";
  return gone || state.entries.some(by) ? "overturned" : "upheld";
}

function inMatchOrder(one, other) {
  const [a, b] = [one.entry, other.entry];
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return Number(a.entry_id) - Number(b.entry_id);
}

/** Return the place before the first line that something is true of; it is of all that follow. */
function bisect(lines, after) {
  let low = 0;
  let high = lines.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (after(lines[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

const firstAt = (lines, time) => bisect(lines, (line) => line.entry.time >= time);
const placeOf = (lines, line) => bisect(lines, (other) => inMatchOrder(line, other) < 0);

function interrupt(state, alarm) {
  const open = openOutage(state);
  // An outage is one line, however often its alarm is repeated.
  if (open) open.alarm = alarm;
  else state.remarks.push({ kind: "outage", alarm, restored: null });
  state.lastReceived = alarm.last_received;
}

function suspend(state) {
  state.mode = "suspended";
}

function resume(state, restored) {
  const open = openOutage(state);
  if (open) open.restored = restored;
  else state.remarks.push({ kind: "outage", alarm: null, restored });
}

function goOn(state) {
  state.mode = "live";
}

/** Return the outages of the venue, in the order in which they came: {alarm, restored}. */
export function outagesOf(state) {
  return state.remarks.filter((remark) => remark.kind === "outage");
}

function openOutage(state) {
  const last = state.remarks.findLast((remark) => remark.kind === "outage");
  return last?.alarm && !last.restored ? last : undefined;
}

function outageAt(state, outage) {
  const [since, until] = extent(state, outage);
  return until ?? since;
}

function outageRow({ alarm, restored }) {
  return {
    key: alarm ? `a${alarm.last_received}` : `r${restored.seq}`,
    version: `${alarm?.number ?? 0}:${restored ? restored.seq : ""}`,
    icon: restored ? "restored" : "alarm",
    title: outageTitle(alarm, restored),
    text: restored ? restoredText(restored) : "",
    open: !restored,
  };
}

function outageTitle(alarm, restored) {
  if (!alarm) return tr("Contact with the venue had been lost");
  const since = timeOfDay(alarm.last_received);
  const until = restored ? timeOfDay(restored.sent) : "";
  if (until) return tr("No contact with the venue from {since} to {until}", { since, until });
  const said = tr("Contact with the venue lost: nothing heard since {since}", { since });
  return alarm.number > 1
    ? tr("{said} ({number} alarms)", { said, number: alarm.number })
    : said;
}

/** A whistle is an entry; an end before the end, and one that was none, stand between the entries. */
function noteEnd(state, finished) {
  if (!finished.how && !finished.reason) return;
  const at = eventTime(state.event, Date.parse(finished.sent)) ?? NaN;
  state.remarks.push({ kind: "end", finished, at });
}

function endRow(finished) {
  const over = finished.over !== false;
  return {
    key: `f${finished.seq}`,
    version: "",
    icon: over ? "ended" : "restored",
    title: over ? endingText(finished) : tr("The event is not over"),
    text: over ? "" : sentence(finished.reason),
    open: false,
  };
}

function finish(state, message) {
  state.finished = message.over !== false;
  const { how = "", winner = "", reason = "", until = null } = message;
  state.ending = state.finished ? { how, winner, reason, until } : null;
  state.mode = state.finished ? "finished" : "live";
}

function beat(state, message, at) {
  if (!state.joined) return "ignored";
  status(state, message, at);
  state.interval = message.interval ?? state.interval;
  if (message.epoch > state.epoch && message.seq === state.seq) state.epoch = message.epoch;
  if (message.seq === state.seq && message.digest) {
    state.digest = message.digest;
    state.digestSeq = message.seq;
  }
  return message.seq > state.seq ? "hole" : "taken";
}

/** Bring the votes behind an entry up to date: they came after it was published. */
function recount(state, { entry_id: id, seq, evidence }) {
  const line = state.byId.get(id);
  if (line?.entry.seq !== seq || same(line.entry.evidence, evidence)) return;
  line.entry = { ...line.entry, evidence };
  state.version += 1;
}

function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}

function status(state, message, at) {
  for (const name of ["present", "claims", "disputed"]) {
    if (message[name] !== undefined) state[name] = message[name];
  }
  if (message.pending) noteClaims(state, message.pending, at);
  for (const one of message.recounts ?? []) recount(state, one);
  if (message.state && !state.finished) state.mode = message.state;
  if (message.last_received) state.lastReceived = message.last_received;
  if (message.silence) {
    if (message.silence.kind !== state.silence.kind) state.silentSince = at;
    state.silence = message.silence;
  }
}
