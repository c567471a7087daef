// The connection to the gateway: kept, resumed where it broke off, proved to have no hole by `seq`.

import { position, start, take } from "./state.js";
import { LANGUAGE } from "./texts.js";

/** Seconds between the heartbeats that are asked for. */
const HEARTBEAT = 3;

/** Milliseconds without a word, beyond two heartbeats, after which a connection counts as dead. */
const GRACE = 1_500;

/** The first and the longest pause between attempts, milliseconds. */
const BACKOFF = [400, 15_000];

/** Milliseconds between pings; how long one may go unanswered when the link is in doubt. */
const PING = 10_000;
const DOUBT = 2_500;

/** Milliseconds by which a clock must be off for it to be taken for set. */
const STEP = 2_000;

/** What a ping counts for the gateway's operator, and the most of each that one may tell. */
const COUNTED = ["received", "lost", "repaired", "duplicate"];
const MOST_COUNTED = 100_000;

/** Close codes after which asking again is no use. docs/GATEWAY.md lists all. */
const FINAL = { 4000: "bad_message", 4004: "no_such_event" };

/** Close codes that ask for patience: too many connections. */
const PATIENCE = new Set([4009, 1013]);

/**
 * One event's feed.
 *
 * `link` is what became of the connection: {kind, since, again, code, reason}; kind is "connecting",
 * "open", "lost" (the gateway can't be reached), "offline" (this device has no network) or "closed".
 *
 * @param {string} url of the WebSocket, without a query
 * @param {object} on {message(message, result), link(link), stepped(milliseconds)}: each may be left
 *   out; `stepped` tells by how much the clock here was set, forward where it is more than 0
 * @param {object} world what it stands in, for tests: Socket, now, later, cancel, chance, online
 */
export class Feed {
  constructor(url, on = {}, world = {}) {
    this.state = start();
    this.url = url;
    this.on = on;
    this.world = {
      Socket: globalThis.WebSocket,
      now: () => Date.now(),
      later: (call, after) => setTimeout(call, after),
      cancel: (timer) => clearTimeout(timer),
      chance: Math.random,
      online: () => globalThis.navigator?.onLine !== false,
      ...world,
    };
    this.link = { kind: "connecting", since: this.world.now(), again: 0 };
    this.offset = 0; // milliseconds to add to the clock here to have the gateway's
    this.roundTrip = null; // milliseconds, of the best ping of late
    this.trips = [];
    this.told = Object.fromEntries(COUNTED.map((kind) => [kind, 0])); // the counts of pings sent
    this.attempts = 0;
    this.holes = 0;
    this.socket = null;
    this.timers = {};
    this.stopped = false;
    this.most = 0; // entries that a snapshot may have; 0: as many as the gateway gives
    this.brief = false; // what a setup says of the sport is here already
  }

  /** The gateway's wall clock as it is reckoned here, milliseconds since 1970. */
  wall() {
    return this.world.now() + this.offset;
  }

  /**
   * Take what came with the page: a setup, and where the gateway had the feed a snapshot, from which
   * it goes on.
   * @param {Array<object>} messages
   */
  begin(messages) {
    for (const message of messages) take(this.state, message, this.wall());
    this.state.counts = { ...start().counts };
    this.state.promised = 0;
    // Of a sport that is not installed at the gateway only the host can name the actions.
    this.brief = this.state.kinds.length > 0;
  }

  /** Connect, from where the state stands. */
  open() {
    this.stopped = false;
    this.#clear("retry");
    this.#drop();
    this.#become(this.link.kind === "open" ? "connecting" : this.link.kind, {});
    const query = new URLSearchParams({
      ...position(this.state),
      heartbeat: String(HEARTBEAT),
      ...(this.most && { entries: String(this.most) }),
      ...(this.brief && { setup: "brief" }),
      ...(LANGUAGE !== "en" && { lang: LANGUAGE }),
    });
    const socket = new this.world.Socket(`${this.url}?${query}`);
    this.socket = socket;
    socket.onopen = () => this.#heard();
    socket.onmessage = (event) => socket === this.socket && this.#message(event.data);
    socket.onclose = (event) => socket === this.socket && this.#closed(event.code, event.reason);
    // A connection that is never answered has no end of its own for minutes.
    this.#watch(8_000);
  }

  /** End it for good. */
  close() {
    this.stopped = true;
    for (const name of Object.keys(this.timers)) this.#clear(name);
    this.#drop();
    this.#become("closed", {});
  }

  /** Try at once, as a person asks or the network is back. */
  retry() {
    if (this.stopped || FINAL[this.link.code]) return;
    if (this.socket?.readyState === 0) return; // it is being tried
    if (this.link.kind === "open") this.doubt();
    else {
      this.attempts = 0;
      this.open();
    }
  }

  /** Ask for a sign of life, and take the connection for dead if there is none soon. */
  doubt() {
    if (this.stopped) return;
    this.#ping();
    this.#watch(DOUBT);
  }

  #message(text) {
    this.#heard();
    let message;
    try {
      message = JSON.parse(text);
    } catch {
      return; // nothing of ours; the next heartbeat shows whether something is missing
    }
    if (message.type === "pong") {
      this.#pong(message);
      return;
    }
    if (message.type === "setup") this.#joined(message);
    const result = take(this.state, message, this.wall());
    if (result === "hole") this.#hole();
    this.on.message?.(message, result);
  }

  #joined(message) {
    const sent = Date.parse(message.time);
    if (!this.trips.length && Number.isFinite(sent)) this.offset = sent - this.world.now();
    this.attempts = 0;
    this.#become("open", {});
    this.#ping();
    this.#repeatPing();
  }

  #hole() {
    // What is missing is asked for by joining again from the last whole position. A gateway that
    // leaves the same hole again and again is asked for a snapshot, at growing pauses.
    this.holes += 1;
    if (this.holes > 3) this.state.joined = false;
    this.#drop();
    if (this.holes === 1) this.open();
    else this.#later();
  }

  #heard() {
    const interval = (this.state.interval || HEARTBEAT) * 1000;
    this.#watch(2 * interval + GRACE);
  }

  #watch(after) {
    this.#clear("silence");
    this.timers.silence = this.world.later(() => this.#closed(0, "nothing heard"), after);
  }

  #ping() {
    if (this.socket?.readyState !== 1) return;
    const counts = {};
    for (const kind of COUNTED) {
      const news = Math.min(Math.max(0, this.state.counts[kind] - this.told[kind]), MOST_COUNTED);
      this.told[kind] += news;
      counts[kind] = news;
    }
    this.socket.send(JSON.stringify({ type: "ping", time: this.world.now(), counts }));
  }

  #repeatPing() {
    this.#clear("ping");
    this.timers.ping = this.world.later(() => {
      this.#ping();
      this.#repeatPing();
    }, PING);
  }

  #pong(message) {
    const sent = Number(message.time);
    const theirs =
      typeof message.server_time === "number"
        ? message.server_time
        : Date.parse(message.server_time);
    const now = this.world.now();
    if (!Number.isFinite(sent) || sent > now || !Number.isFinite(theirs)) return;
    const newest = { trip: now - sent, offset: theirs - (sent + now) / 2 };
    const stepped = this.offset - newest.offset;
    // What the trips do not explain, a clock that was set does: earlier trips say nothing of it.
    if (this.trips.length && Math.abs(stepped) > (newest.trip + this.roundTrip) / 2 + STEP) {
      this.trips = [];
      this.on.stepped?.(stepped);
    }
    this.trips.push(newest);
    if (this.trips.length > 8) this.trips.shift();
    // The quickest of the latest trips says best how far the clocks are apart.
    const best = this.trips.reduce((one, other) => (other.trip < one.trip ? other : one));
    this.offset = best.offset;
    this.roundTrip = best.trip;
    this.holes = 0;
  }

  #closed(code, reason) {
    this.#drop();
    this.#clear("ping");
    this.#clear("silence");
    if (this.stopped) return;
    if (FINAL[code]) {
      this.#become("closed", { code, reason: reason || FINAL[code] });
      return;
    }
    if (PATIENCE.has(code)) this.attempts = Math.max(this.attempts, 5);
    this.#later(code, reason);
  }

  #later(code = 0, reason = "") {
    const [first, longest] = BACKOFF;
    const pause = Math.min(longest, first * 2 ** this.attempts);
    const after = pause * (0.5 + this.world.chance() / 2);
    this.attempts += 1;
    const kind = this.world.online() ? "lost" : "offline";
    this.#become(kind, { code, reason, again: this.world.now() + after });
    this.#clear("retry");
    this.timers.retry = this.world.later(() => this.open(), after);
  }

  #become(kind, about) {
    const since = kind === this.link.kind ? this.link.since : this.world.now();
    // From lost to offline and back it is one break.
    const broken = (name) => name === "lost" || name === "offline";
    const same = broken(kind) && broken(this.link.kind) ? this.link.since : since;
    this.link = { kind, since: same, again: 0, ...about };
    this.on.link?.(this.link);
  }

  #drop() {
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    // One that is closed while it connects is complained of in the console.
    if (socket.readyState === 0) socket.onopen = () => socket.close(1000);
    else if (socket.readyState === 1) socket.close(1000);
  }

  #clear(name) {
    if (this.timers[name] !== undefined) this.world.cancel(this.timers[name]);
    delete this.timers[name];
  }
}

/** Return the WebSocket address of an event on the gateway that served this page. */
export function feedUrl(event, place = globalThis.location) {
  const scheme = place.protocol === "https:" ? "wss:" : "ws:";
  return `${scheme}//${place.host}/ws/events/${encodeURIComponent(event)}`;
}

/** Tell a feed what the browser knows of the network and of the page. */
export function attend(feed) {
  addEventListener("online", () => feed.retry());
  addEventListener("offline", () => feed.doubt());
  addEventListener("pageshow", () => feed.retry());
  addEventListener("visibilitychange", () => {
    // Timers stand still on a phone in a pocket: look at once when it is taken out.
    if (!document.hidden) feed.retry();
  });
}
