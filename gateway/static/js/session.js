// Who is signed in, and the way of reports to the gateway.

import { refusalText } from "./refusals.js";

const JSON_TYPE = { "content-type": "application/json" };

/** An answer that is an error: `code`, and a sentence. */
export class Refused extends Error {
  constructor(status, body) {
    super(refusalText(body?.code, body?.reason));
    this.status = status;
    this.code = body?.code ?? "";
  }
}

/**
 * Ask the gateway for JSON, as this browser's session.
 * @throws {Refused} where the answer is an error
 */
export async function ask(path, about = {}) {
  const answer = await fetch(path, { credentials: "same-origin", cache: "no-store", ...about });
  let body = null;
  try {
    body = await answer.json();
  } catch {
    // A proxy's own page: the status says enough.
  }
  if (!answer.ok) throw new Refused(answer.status, body);
  return body;
}

/** Sign in; the cookie is the browser's alone. */
export function signIn(event, name, code) {
  const body = JSON.stringify(code ? { event, name, code } : { event, name });
  return ask("/api/session", { method: "POST", headers: JSON_TYPE, body });
}

/** Have the code by which a second device goes on as this person; also the link that carries it. */
export function offerPairing(event) {
  const body = JSON.stringify({ event });
  return ask("/api/session/pairing", { method: "POST", headers: JSON_TYPE, body });
}

/** Return the address of the QR code of that link. */
export function qrOf(event) {
  return `/api/session/pairing/qr?${new URLSearchParams({ event })}`;
}

/** Go on as the person whose other device shows a code. */
export function pair(event, code) {
  const body = JSON.stringify({ event, code });
  return ask("/api/session/pair", { method: "POST", headers: JSON_TYPE, body });
}

/** Sign out of one event. */
export function signOut(event) {
  return ask(`/api/session?${new URLSearchParams({ event })}`, { method: "DELETE" });
}

/** Return the session that this browser has for an event; null where it has none. */
export async function whoAmI(event) {
  const { sessions } = await ask("/api/session");
  return sessions.find((one) => one.event === event) ?? null;
}

/** Return what has become of one's reports. */
export async function fates(event) {
  return (await ask(`/api/events/${encodeURIComponent(event)}/reports`)).reports;
}

/** Send reports with the clock here, by which the gateway corrects their times. */
export async function send(event, reports) {
  const body = JSON.stringify({ sent: new Date().toISOString(), reports });
  const about = { method: "POST", headers: JSON_TYPE, body };
  return (await ask(`/api/events/${encodeURIComponent(event)}/reports`, about)).reports;
}

/**
 * Sends what an outbox holds, in order, again and again until it is there.
 * @param {object} outbox
 * @param {(reports: object[]) => Promise<object[]>} post
 * @param {object} on {changed(), refused(error)}: a report's state is new; the session is over
 */
export class Sender {
  constructor(outbox, post, on, later = (call, after) => setTimeout(call, after)) {
    this.outbox = outbox;
    this.post = post;
    this.on = on;
    this.later = later;
    this.busy = false;
    this.timer = 0;
    this.pause = 1_000;
  }

  /** Send what there is, now. */
  async go() {
    clearTimeout(this.timer);
    if (this.busy) return;
    this.busy = true;
    try {
      while (this.outbox.pending().length) if (!(await this.#batch())) break;
    } finally {
      this.busy = false;
    }
  }

  async #batch() {
    const batch = this.outbox.next();
    this.on.changed();
    try {
      const told = await this.post(batch.map((own) => own.report));
      for (const fate of told) this.outbox.note(fate);
      // What the gateway has no room for now, or did not answer for, goes again after a while.
      const left = batch.some((own) => own.outcome === "sending" || own.outcome === "kept");
      this.outbox.failed(batch);
      if (left) this.#again();
      else this.pause = 1_000;
      return !left;
    } catch (error) {
      this.outbox.failed(batch);
      if (error instanceof Refused && [401, 403].includes(error.status)) this.on.refused(error);
      else this.#again();
      return false;
    } finally {
      this.on.changed();
    }
  }

  #again() {
    this.timer = this.later(() => this.go(), this.pause * (0.5 + Math.random() / 2));
    this.pause = Math.min(15_000, this.pause * 2);
  }
}
