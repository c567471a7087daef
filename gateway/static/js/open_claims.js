// What is being decided: the open claims, and how far each has come.

import { open } from "./claims.js";
import { el, fill, keyed, say } from "./dom.js";
import { icon } from "./icons.js";
import { kindText } from "./presentation.js";
import { progress } from "./formatting.js";
import { tr, trn } from "./texts.js";

/** Milliseconds for which a claim is open before it is read out: most are decided sooner. */
const SLOW = 2_500;

/** The most voices that are drawn one by one. */
const VOICES = 12;

export class OpenClaims {
  /**
   * @param {Element} root
   * @param {Element|null} aloud where it is said to those who don't see it; null for nowhere
   */
  constructor(root, aloud = null) {
    this.root = root;
    this.aloud = aloud;
    this.said = 0; // the number of the newest claim that was read out
    this.list = el("ul");
    this.rest = el("p");
    fill(root, el("h3", {}, tr("Being decided")), this.list, this.rest);
  }

  /**
   * Draw the claims that are open.
   * @param {object} state
   * @param {number} now milliseconds since 1970, on the gateway's clock
   */
  draw(state, now) {
    const { shown, more } = open(state, now);
    this.root.hidden = !shown.length && !more;
    keyed(
      this.list,
      shown.map((claim) => ({
        key: String(claim.key),
        version: JSON.stringify([claim.for, claim.against, claim.needed]),
        draw: () => line(state, claim),
      })),
    );
    this.list.hidden = !shown.length;
    this.rest.hidden = !more;
    const waiting = shown.length
      ? trn(
          "and {n} more waiting for more voices",
          "and {n} more waiting for more voices",
          more,
        )
      : trn("{n} claim waiting for more voices", "{n} claims waiting for more voices", more);
    say(this.rest, more ? waiting : "");
    this.#readOut(state, shown, now);
  }

  /** Say once what takes long to be decided, and no numbers: those are there to be read. */
  #readOut(state, shown, now) {
    const slow = shown.filter((one) => one.key > this.said && now - one.since >= SLOW);
    if (!slow.length || !this.aloud) return;
    this.said = Math.max(...slow.map((one) => one.key));
    const claims = slow.map((one) => words(state, one)).join("; ");
    say(this.aloud, tr("Being decided: {claims}", { claims }));
  }
}

function words(state, claim) {
  return [kindText(state, claim.title), claim.origin].filter(Boolean).join(", ");
}

function line(state, claim) {
  return el(
    claim.against ? "li.claim.disputed" : "li.claim",
    {},
    icon(claim.title),
    el(
      "span.what",
      {},
      kindText(state, claim.title),
      claim.origin && el("span.whose", {}, ` · ${claim.origin}`),
    ),
    el("span.tally", {}, voices(claim), progress(claim)),
  );
}

function voices({ for: said = 0, against = 0, needed = 0 }) {
  const places = Math.max(needed, said) + against;
  if (places > VOICES) return null;
  const names = Array.from({ length: places }, (_, place) =>
    place < said ? "for" : place < places - against ? "silent" : "against",
  );
  return el(
    "span.voices",
    { "aria-hidden": "true" },
    names.map((name) => el(`i.${name}`)),
  );
}
