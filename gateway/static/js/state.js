// What a feed says, folded into what a page shows. Pure: no clock, no page, no network.

import { kindOf } from "./kinds.js";

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
    statements: [],
    presentation: null, // how the sport is shown
    joined: false, // a snapshot has come
    ready: false, // the gateway has heard the host
    earlier: 0, // standing entries that the snapshot left out
    epoch: 0,
    seq: 0,
    digest: "",
    digestSeq: 0, // where the feed stood with that digest
    entries: [], // newest versions, deleted ones too, in match order
    byId: new Map(),
    remarks: [], // what stands between the entries, in the order in which it came: see REMARKS
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
    ending: null, // how it ended, while it is over: {how, winner, reason, until}
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
  const kind = kindOf(message);
  if (!kind) return "ignored";
  if (!kind.seq) return kind.fold(state, message, at) ?? "taken";
  const refused = outOfTurn(state, message);
  if (refused) return refused;
  advance(state, message, at);
  kind.remark?.(state, message);
  kind.fold?.(state, message, at);
  state.version += 1;
  return "taken";
}

/** Return why a message of the feed is not taken; null where it is the next one. */
function outOfTurn(state, message) {
  if (!state.joined) return "ignored";
  if (message.epoch < state.epoch && message.seq > state.seq) return "ignored";
  // Another host may have taken over; seq goes on.
  if (message.epoch > state.epoch) state.epoch = message.epoch;
  if (message.seq <= state.seq) {
    state.counts.duplicate += 1;
    return "known";
  }
  return message.seq === state.seq + 1 ? null : "hole";
}

function advance(state, message, at) {
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
}

function latency(state, message, at) {
  const late = at - Date.parse(message.sent);
  if (!(Math.abs(late) < CREDIBLE)) return;
  state.latencies.push(Math.max(0, late));
  if (state.latencies.length > LATENCIES) state.latencies.shift();
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
