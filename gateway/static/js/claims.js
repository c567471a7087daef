// Claims that are being decided, and the reports that speak of them. Pure.

import { reportsCount } from "./ending.js";

/** Milliseconds of event time that a report and its claim are apart at most. */
const REACH = 120_000;

/** Claims that are shown. */
const SHOWN = 4;

/**
 * Return which of some is which of others: of the same action and origin, the nearest first, each
 * once.
 * @param {Array} some what has a title, an origin and a time (RFC 3339)
 * @param {Array} others likewise
 * @param {number} behind milliseconds by which the times of `some` are too early
 * @returns {Map<object, object>} from one to the other
 */
export function pairs(some, others, behind = 0) {
  const near = [];
  for (const one of some) {
    for (const other of others) {
      if (one.title !== other.title || one.origin !== other.origin) continue;
      const apart = Math.abs(Date.parse(one.time) + behind - Date.parse(other.time));
      if (apart <= REACH) near.push({ one, other, apart });
    }
  }
  near.sort((a, b) => a.apart - b.apart);
  const found = new Map();
  const taken = new Set();
  for (const { one, other } of near) {
    if (found.has(one) || taken.has(other)) continue;
    found.set(one, other);
    taken.add(other);
  }
  return found;
}

/**
 * Note how the open claims stand. Each keeps the number under which it first came, and since when it
 * is known here, however often it is told again.
 * @param {object} state changed in place
 * @param {Array} told as a heartbeat tells them
 * @param {number} at milliseconds since 1970
 */
export function noteClaims(state, told, at) {
  const known = pairs(told, state.pending);
  // The newest come first, and get the highest numbers.
  const fresh = told.filter((one) => !known.has(one)).reverse();
  state.pending = told.map((one) => {
    const { key, since } = known.get(one) ?? {
      key: state.claimed + fresh.indexOf(one) + 1,
      since: at,
    };
    return { ...one, key, since };
  });
  state.claimed += fresh.length;
}

/**
 * Return the claims to be shown, newest first, and how many more are open: corrections among them,
 * of which no more is told than that they are. One whose reports were all taken back is none.
 * @param {object} state
 * @param {number} wall milliseconds since 1970 on the gateway's clock
 * @returns {{shown: Array, more: number}}
 */
export function open(state, wall) {
  if (!reportsCount(state, wall) || !state.ready) return { shown: [], more: 0 };
  const voiced = state.pending.filter((one) => one.for > 0);
  const shown = voiced.slice(0, SHOWN);
  const others = Math.max(0, state.claims - state.pending.length);
  return { shown, more: others + voiced.length - shown.length };
}

/**
 * Note how far one's own reports have come that are stored and undecided.
 * @param {object} outbox
 * @param {Array} pending
 * @param {number} behind milliseconds by which the clock here is too early: the gateway corrects what
 *   is sent as well
 */
export function follow(outbox, pending, behind) {
  const waiting = outbox.reports.filter((own) => own.outcome === "stored" && !own.undone);
  if (!waiting.length || !pending.length) return;
  const own = new Map(waiting.map((one) => [one.report.event, one]));
  for (const [event, claim] of pairs([...own.keys()], pending, behind)) {
    outbox.noteClaim(own.get(event), claim);
  }
}

/**
 * Return how many open claims are disputed, and which of them one has reported oneself: of the others
 * a reporter learns nothing before having spoken.
 * @param {object} state
 * @param {object} outbox
 * @param {number} wall milliseconds since 1970 on the gateway's clock
 * @param {number} behind as in `follow`
 * @returns {{count: number, own: Array}} the claims of `own` reports
 */
export function disputes(state, outbox, wall, behind = 0) {
  if (!reportsCount(state, wall) || !state.ready) return { count: 0, own: [] };
  const said = outbox.reports.filter((one) => !one.undone).map((one) => one.report.event);
  const disputed = state.pending.filter((one) => one.against > 0 && one.against >= one.for);
  const own = [...pairs(said, disputed, behind).values()];
  return { count: Math.max(state.disputed, own.length), own };
}
