// The host's question whether something happened, with two large buttons: the answer is a vote.

import { el, fill } from "./dom.js";
import { timeOfDay } from "./formatting.js";
import { kindText } from "./presentation.js";
import { tr } from "./texts.js";

/** Milliseconds in which a tap was meant for what the question has come to cover. */
const SLIP = 400;

const KEYS = { y: true, n: false };

export class Question {
  /**
   * @param {Element} root where it is drawn; hidden while nothing is asked
   * @param {object} on {answer(ask, yes), skip(ask), aloud(words), rest()}: `rest` takes the focus back
   */
  constructor(root, on) {
    this.root = root;
    this.on = on;
    this.ask = null;
    this.came = 0;
    document.addEventListener("keydown", (event) => this.#key(event));
  }

  /**
   * Show the first of the open questions, or nothing.
   * @param {object} state of the feed, for the words of its sport
   * @param {object|null} ask
   */
  draw(state, ask) {
    if (ask?.claim === this.ask?.claim) return;
    const focused = this.root.contains(document.activeElement);
    this.ask = ask;
    this.came = performance.now();
    this.root.hidden = !ask;
    if (!ask) {
      fill(this.root);
      if (focused) this.on.rest();
      return;
    }
    const words = ask.text || `${[kindText(state, ask.title), ask.origin].filter(Boolean).join(", ")}?`;
    fill(
      this.root,
      el("p.lead", {}, tr("Did you see it?")),
      el("p.asked", { id: "question-text" }, words),
      el("p.quiet-words", {}, tr("Reported for {time}", { time: timeOfDay(ask.time) })),
      el(
        "div.answers",
        {},
        this.#button(tr("Yes"), "yes", () => this.on.answer(ask, true)),
        this.#button(tr("No"), "no", () => this.on.answer(ask, false)),
      ),
      this.#button(tr("I could not see it"), "unseen", () => this.on.skip(ask)),
    );
    this.on.aloud(tr("Question: {words} Press Y for yes, N for no.", { words }));
    // It takes the focus from nothing that is being used.
    if (focused || document.activeElement === document.body)
      this.root.focus({ preventScroll: true });
  }

  #button(words, kind, then) {
    const tap = (event) => {
      const byThumb = event.detail > 0; // a click by key has no count
      if (byThumb && performance.now() - this.came < SLIP) return;
      then();
    };
    return el(`button.button.${kind}`, { type: "button", onclick: tap }, words);
  }

  /** Y and N answer unless something is typed, or a dialog is open. */
  #key(event) {
    const yes = KEYS[event.key?.toLowerCase()];
    if (!this.ask || yes === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest?.("input, select, textarea, dialog")) return;
    event.preventDefault();
    this.on.answer(this.ask, yes);
  }
}
