// What this person has said on this device, kept until the gateway has it, and what became of it.
// Each report is a key of its own in the browser's storage, written before the tap is answered: a
// closed page, a dead battery or a second tab loses nothing. Pure but for the storage handed in.

/** Decided reports that are kept to be shown; older ones are forgotten here. */
const SHOWN = 100;

/** Reports in one request. */
export const BATCH = 100;

const DECIDED = new Set(["accepted", "expired", "refused"]);

/** How far a report has come. A fate may be pushed before the answer to its sending is here. */
const RANK = { kept: 0, sending: 1, taken: 2, stored: 3, accepted: 4, expired: 4, refused: 4 };

/**
 * @typedef {object} Own
 * @property {string} id ours; the gateway keeps it once however often it is sent
 * @property {number} order
 * @property {object} report as it is sent: {id, time, event}
 * @property {string} outcome kept (here), sending, taken (by the gateway), stored, accepted,
 *   expired, refused
 * @property {boolean} tried it has been sent, whether or not it arrived
 * @property {string} takes the id of the report that this one takes back; empty otherwise
 * @property {boolean} undone
 * @property {string} about the question that it answers; empty otherwise
 * @property {number} [for] reporters who say the same, when it was last told; so are `against`, who
 *   say what excludes it, and `needed`
 */

export class Outbox {
  /**
   * @param {Storage} storage such as localStorage
   * @param {string} event
   * @param {string} person their name
   * @param {() => string} newId gives ids that never repeat
   */
  constructor(storage, event, person, newId = randomId) {
    this.storage = storage;
    this.prefix = `touchline.report.${event}.${person}.`;
    this.newId = newId;
    this.reports = this.#read();
  }

  #read() {
    const found = [];
    for (let place = 0; place < this.storage.length; place += 1) {
      const key = this.storage.key(place);
      if (!key?.startsWith(this.prefix)) continue;
      try {
        const own = JSON.parse(this.storage.getItem(key));
        // What was on its way when the page went may or may not have arrived: it is sent again.
        if (own.outcome === "sending") own.outcome = "kept";
        found.push(own);
      } catch {
        this.storage.removeItem(key); // torn, as after a full disk
      }
    }
    return found.sort((a, b) => a.order - b.order);
  }

  /**
   * Keep a report.
   * @param {object} event {title, origin, time, details}
   * @param {string} time when it was said, RFC 3339
   * @param {string} takes the id of the report that it takes back
   * @param {string} about the question that it answers, in words
   * @returns {Own}
   * @throws where the device can keep nothing
   */
  add(event, time, takes = "", about = "") {
    const id = this.newId();
    const order = Math.max(Date.parse(time), (this.reports.at(-1)?.order ?? 0) + 1);
    const own = {
      id,
      order,
      report: { id, time, event },
      about,
      outcome: "kept",
      tried: false,
      takes,
      undone: false,
    };
    this.#write(own);
    this.reports.push(own);
    this.#forget();
    return own;
  }

  /**
   * Take a report back.
   * @returns {Own|null} the report that says so; null where the first had never left the device
   */
  undo(own, time) {
    if (!own.tried && own.outcome === "kept") {
      this.storage.removeItem(this.#key(own));
      this.reports.splice(this.reports.indexOf(own), 1);
      return null;
    }
    own.undone = true;
    this.#write(own);
    return this.add({ title: "undo", origin: "", time, details: { report: own.id } }, time, own.id);
  }

  /** Return what is still to be sent, in order. */
  pending() {
    return this.reports.filter((own) => own.outcome === "kept" || own.outcome === "sending");
  }

  /** Return the next reports to send, now on their way. */
  next() {
    const batch = this.pending().slice(0, BATCH);
    for (const own of batch) {
      own.outcome = "sending";
      own.tried = true;
      this.#write(own);
    }
    return batch;
  }

  /** Note that reports did not arrive, as far as is known. */
  failed(batch) {
    for (const own of batch) if (own.outcome === "sending") own.outcome = "kept";
  }

  /**
   * Note what became of a report.
   * @param {object} fate as the gateway says it
   * @returns {Own|null} the report, where it is one of ours and something is new
   */
  note(fate) {
    const own = this.reports.find((one) => one.id === fate.id);
    if (!own) return null;
    const full = fate.outcome === "refused" && fate.code === "OVERLOADED"; // for now, not for good
    const outcome = fate.outcome === "kept" ? "taken" : full ? "kept" : fate.outcome;
    if ((RANK[outcome] ?? 0) < RANK[own.outcome]) return null;
    if (own.outcome === outcome && own.entry_id === fate.entry_id) return null;
    own.outcome = outcome;
    own.tried = true;
    for (const name of ["n", "seq", "entry_id", "code", "reason"]) {
      if (fate[name] !== undefined) own[name] = fate[name];
    }
    if (fate.undone) own.undone = true;
    this.#write(own);
    return own;
  }

  /** Note how the claim stands that a report speaks of: reporters for, against, and how many it needs. */
  noteClaim(own, claim) {
    const names = ["for", "against", "needed"];
    if (names.every((name) => own[name] === claim[name])) return;
    for (const name of names) own[name] = claim[name];
    this.#write(own);
  }

  /** Note who it was: said in a report of its own once the entry is there. */
  noteWho(own, details) {
    own.who = details;
    this.#write(own);
  }

  /** Return the reports whose entry is there and has not been told yet who it was. */
  untold() {
    return this.reports.filter((own) => own.who && !own.told && !own.undone && own.entry_id);
  }

  /** Note that the entry of a report was told who it was. */
  noteTold(own) {
    own.told = true;
    this.#write(own);
  }

  /** Take in what another tab of this browser has kept meanwhile. */
  reload() {
    this.reports = this.#read();
  }

  /** Return whether a key of the storage holds a report of this person here. */
  owns(key) {
    return Boolean(key?.startsWith(this.prefix));
  }

  /** Return what the person has said, newest first, without what only takes something back. */
  shown() {
    return this.reports.filter((own) => !own.takes || own.outcome === "refused").reverse();
  }

  #forget() {
    const old = this.reports.filter((own) => DECIDED.has(own.outcome)).slice(0, -SHOWN);
    for (const own of old) {
      this.storage.removeItem(this.#key(own));
      this.reports.splice(this.reports.indexOf(own), 1);
    }
  }

  #key(own) {
    return `${this.prefix}${own.id}`;
  }

  #write(own) {
    this.storage.setItem(this.#key(own), JSON.stringify(own));
  }
}

/** Return 128 random bits in hex; `crypto.randomUUID` is not there on plain http. */
export function randomId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
