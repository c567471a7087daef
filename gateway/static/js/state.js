// What a feed says, folded into what a page shows. Pure: no clock, no page, no network.

import { weigh } from "./claims.js";

/** The newest latencies from which percentiles are taken. */
const LATENCIES = 240;

/** The longest latency that is believed, milliseconds: more is a replayed recording's. */
const CREDIBLE = 3_600_000;

/** Return the state before anything was heard. */
export function start() {
  return {
    event: null, // the card
    actions: [],
    kinds: [],
    joined: false, // a snapshot has come
    ready: false, // the gateway has heard the host
    earlier: 0, // standing entries that the snapshot left out
    epoch: 0,
    seq: 0,
    digest: "",
    digestSeq: 0, // where the feed stood with that digest
    entries: [], // newest versions, deleted ones too, in match order
    byId: new Map(),
    interruptions: [], // {alarm, restored}, in the order in which they came
    score: {},
    headline: "",
    mode: "live", // live, suspended, reconstructing, finished
    silence: { kind: "quiet", text: "" },
    silentSince: 0, // milliseconds; when the cause of silence was first told
    lastReceived: "", // when the host last heard the venue, before the newest alarm
    present: 0,
    claims: 0,
    disputed: 0,
    pending: [], // open claims, newest first, each with a number (`key`) and `since` when it is known
    claimed: 0, // the highest such number
    finished: false,
    interval: 0,
    version: 0, // grows with each change of the entries
    promised: 0, // messages that the gateway still sends of those missed
    // `lost` were published while nothing arrived here; `repaired` of them came afterwards.
    counts: { received: 0, lost: 0, repaired: 0, duplicate: 0, snapshots: 0, joins: 0 },
    latencies: [],
  };
}

/**
 * Take a message of the feed.
 * @param {object} state changed in place
 * @param {object} message
 * @param {number} at milliseconds since 1970 on the gateway's clock, as reckoned here
 * @returns {"taken"|"hole"|"known"|"ignored"} "hole": something between is missing, ask again from
 *   `state.seq`
 */
export function take(state, message, at = 0) {
  switch (message.type) {
    case "setup":
      setup(state, message);
      return "taken";
    case "snapshot":
      snapshot(state, message, at);
      return "taken";
    case "entry":
    case "alarm":
    case "restored":
    case "finished":
    case "unknown": // one that the gateway could not read: it has a seq all the same
      return published(state, message, at);
    case "heartbeat":
      return heartbeat(state, message, at);
    case "status":
      told(state, message, at);
      return "taken";
    default:
      return "ignored";
  }
}

function setup(state, message) {
  if (message.event?.event) state.event = message.event;
  state.actions = message.actions ?? [];
  state.kinds = message.kinds ?? [];
  state.interval = message.heartbeat ?? state.interval;
  state.counts.joins += 1;
  if (message.recovered) {
    state.epoch = message.epoch ?? state.epoch;
    state.promised = Math.max(0, (message.seq ?? state.seq) - state.seq);
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
  state.byId = new Map();
  state.entries = [];
  for (const entry of message.entries ?? []) {
    const late = before.get(entry.entry_id)?.late ?? false;
    const line = { entry, late, changed: 0 };
    state.entries.push(line);
    state.byId.set(entry.entry_id, line);
  }
  state.entries.sort(inMatchOrder);
  state.interruptions = [];
  for (const one of message.interruptions ?? []) interrupt(state, one);
  state.finished = Boolean(message.finished);
  told(state, message, at);
  if (state.finished) state.mode = "finished";
  state.joined = true;
  state.version += 1;
}

function published(state, message, at) {
  if (!state.joined) return "ignored";
  if (message.epoch > state.epoch) {
    state.epoch = message.epoch; // another host took over; seq goes on
  } else if (message.epoch < state.epoch && message.seq > state.seq) {
    return "ignored";
  }
  if (message.seq <= state.seq) {
    state.counts.duplicate += 1;
    return "known";
  }
  if (message.seq !== state.seq + 1) return "hole";
  state.seq = message.seq;
  state.counts.received += 1;
  if (state.promised > 0) {
    state.promised -= 1;
    state.counts.repaired += 1;
  } else {
    latency(state, message, at);
  }
  if (message.score) state.score = message.score;
  if (message.headline) state.headline = message.headline;
  if (message.type === "entry") put(state, message, at);
  else if (message.type !== "unknown") interruptOrEnd(state, message);
  state.version += 1;
  return "taken";
}

function latency(state, message, at) {
  const late = at - Date.parse(message.sent);
  if (!(Math.abs(late) < CREDIBLE)) return;
  state.latencies.push(Math.max(0, late));
  if (state.latencies.length > LATENCIES) state.latencies.shift();
}

function put(state, entry, at) {
  const old = state.byId.get(entry.entry_id);
  if (old) state.entries.splice(state.entries.indexOf(old), 1);
  const last = state.entries.at(-1);
  const line = { entry, late: old?.late ?? false, changed: at };
  if (!old && last && inMatchOrder(line, last) < 0) line.late = true;
  let place = state.entries.length;
  while (place > 0 && inMatchOrder(line, state.entries[place - 1]) < 0) place -= 1;
  state.entries.splice(place, 0, line);
  state.byId.set(entry.entry_id, line);
}

function interruptOrEnd(state, message) {
  if (message.type === "finished") {
    state.finished = true;
    state.mode = "finished";
    return;
  }
  interrupt(state, message);
  if (message.type === "alarm") {
    state.mode = "suspended";
    state.lastReceived = message.last_received;
  } else {
    state.mode = "live";
  }
}

function interrupt(state, message) {
  const last = state.interruptions.at(-1);
  if (message.type === "alarm") {
    // An outage is one line, however often its alarm is repeated.
    if (last?.alarm && !last.restored) last.alarm = message;
    else state.interruptions.push({ alarm: message, restored: null });
    state.lastReceived = message.last_received;
  } else if (last?.alarm && !last.restored) {
    last.restored = message;
  } else {
    state.interruptions.push({ alarm: null, restored: message });
  }
}

function heartbeat(state, message, at) {
  if (!state.joined) return "ignored";
  told(state, message, at);
  state.interval = message.interval ?? state.interval;
  if (message.epoch > state.epoch && message.seq === state.seq) state.epoch = message.epoch;
  if (message.seq === state.seq && message.digest) {
    state.digest = message.digest;
    state.digestSeq = message.seq;
  }
  return message.seq > state.seq ? "hole" : "taken";
}

function told(state, message, at) {
  for (const name of ["present", "claims", "disputed"]) {
    if (message[name] !== undefined) state[name] = message[name];
  }
  if (message.pending) weigh(state, message.pending, at);
  if (message.state && !state.finished) state.mode = message.state;
  if (message.last_received) state.lastReceived = message.last_received;
  if (message.silence) {
    if (message.silence.kind !== state.silence.kind) state.silentSince = at;
    state.silence = message.silence;
  }
}

function inMatchOrder(one, other) {
  const [a, b] = [one.entry, other.entry];
  if (a.time !== b.time) return a.time < b.time ? -1 : 1;
  return Number(a.entry_id) - Number(b.entry_id);
}

/** Return what to ask for after a break of the connection: query parameters by name. */
export function position(state) {
  if (!state.joined) return { from: "end" };
  const asked = { from: String(state.seq), epoch: String(state.epoch) };
  if (state.digest && state.digestSeq === state.seq) asked.digest = state.digest;
  return asked;
}

/** Return the lines that still stand, in match order. */
export function standing(state) {
  return state.entries.filter((line) => line.entry.status !== "DELETED");
}

/** Return a percentile of the newest latencies, milliseconds; null before the first. */
export function percentile(state, percent) {
  if (!state.latencies.length) return null;
  const ranked = [...state.latencies].sort((a, b) => a - b);
  return ranked[Math.min(ranked.length - 1, Math.floor((ranked.length * percent) / 100))];
}

/**
 * Return what the event's own clock shows at a wall time, both milliseconds since 1970; null where
 * there is no relation between the two.
 */
export function eventTime(card, wall) {
  const timing = card?.timing;
  if (!timing) return wall;
  if (!timing.speed) return null;
  const began = Date.parse(timing.began ?? 0) || 0;
  return (Date.parse(timing.starts ?? 0) || 0) + (wall - began) * timing.speed;
}

/** Return when an interruption began and ended in the event's own time, milliseconds; end may be null. */
export function extent(state, one) {
  const { alarm, restored } = one;
  const until = restored ? Date.parse(restored.until) : null;
  if (restored) return [Date.parse(restored.since), until];
  const since = eventTime(state.event, Date.parse(alarm.last_received));
  const last = state.entries.at(-1);
  return [since ?? (last ? Date.parse(last.entry.time) : NaN), null];
}
