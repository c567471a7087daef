// A reporter's own view of a feed, which keeps from it what others say before it has spoken. Pure.
//
// What people are shown first they tend to repeat. A provisional entry, and the score that it makes,
// are withheld until the reporter has said the same or is asked about it, until the entry is decided,
// or for a while. What comes after it waits behind it, so that no score tells of it.

import { start, take } from "./state.js";
import { kindOf } from "./kinds.js";

/** Milliseconds for which a provisional entry is withheld. */
export const WITHHELD = 6_000;

/** Milliseconds of event time that a report and an entry of the same thing are apart at most. */
const NEAR = 30_000;

/** What a reporter may see: `state` is that of the feed, as far as nothing of it is withheld. */
export class WithheldFeed {
  constructor() {
    this.state = start();
    this.waiting = []; // {message, came}, in order
    this.newest = new Map(); // the newest status of each entry, by id
    this.said = { reports: [], asked: new Set() };
  }

  /**
   * Take a message that the feed has taken.
   * @param {object} message
   * @param {number} now milliseconds since 1970 on the gateway's clock
   */
  put(message, now) {
    const kind = kindOf(message);
    if (!kind) return;
    if (message.type === "snapshot") this.#snapshot(message, now);
    else if (kind.seq) this.#queue(message, now);
    else kind.fold(this.state, message, now); // the state of the feed, and nothing of what happened
    this.#release(now);
  }

  /**
   * Note what the reporter has said, and what it is asked about.
   * @param {Array} reports as in the outbox
   * @param {Iterable<number>} asked the claims
   * @param {number} behind milliseconds by which the times of the reports are too early
   * @param {number} now milliseconds since 1970 on the gateway's clock
   */
  know(reports, asked, behind, now) {
    this.said = { reports: reports.filter((own) => !own.undone), asked: new Set(asked), behind };
    this.#release(now);
  }

  #queue(message, came) {
    if (message.type === "entry") this.newest.set(message.entry_id, message.status);
    this.waiting.push({ message, came });
  }

  /** A snapshot is shown at once without what is withheld, and whole when that may be seen. */
  #snapshot(message, now) {
    this.waiting = [];
    for (const entry of message.entries) this.newest.set(entry.entry_id, entry.status);
    const fresh = message.entries.filter((entry) => this.#withholds(entry, sentAt(entry), now));
    if (fresh.length) {
      const seq = Math.min(...fresh.map((entry) => entry.seq));
      const entries = message.entries.filter((entry) => entry.seq < seq);
      const last = entries.reduce((one, other) => (one?.seq > other.seq ? one : other), null);
      const { score = {}, headline = "" } = last ?? {};
      take(this.state, { ...message, seq: seq - 1, entries, score, headline }, now);
      this.waiting.push({ message, came: Math.max(...fresh.map(sentAt)), fresh });
    } else {
      take(this.state, message, now);
    }
  }

  #release(now) {
    while (this.waiting.length) {
      const { message, came, fresh } = this.waiting[0];
      const entries = fresh ?? (message.type === "entry" ? [message] : []);
      if (entries.some((entry) => this.#withholds(entry, came, now))) return;
      this.waiting.shift();
      take(this.state, message, now);
    }
  }

  #withholds(entry, came, now) {
    if (now - came >= WITHHELD || this.newest.get(entry.entry_id) !== "PROVISIONAL") return false;
    if (this.state.byId.has(entry.entry_id) || this.said.asked.has(Number(entry.entry_id)))
      return false;
    return !this.said.reports.some((own) => isOf(own, entry, this.said.behind));
  }
}

function isOf(own, entry, behind = 0) {
  if (own.entry_id) return own.entry_id === entry.entry_id;
  const { title, origin, time, details } = own.report.event;
  if (title === "answer") return String(details.claim) === entry.entry_id;
  const apart = Math.abs(Date.parse(time) + behind - Date.parse(entry.time));
  return title === entry.title && origin === entry.origin && apart <= NEAR;
}

function sentAt(entry) {
  return Date.parse(entry.sent);
}
