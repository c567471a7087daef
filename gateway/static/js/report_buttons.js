// The buttons, and what became of what they said.

import { COLUMNS, folded, offered, offeredStatements, STATEMENT, statedWords, whoOf } from "./buttons.js";
import { el, fill, keyed } from "./dom.js";
import { icon } from "./icons.js";
import { reportsCount, untilWords } from "./ending.js";
import { lineups } from "./lineup.js";
import { clockOf, kindText, shown, valueText } from "./presentation.js";
import { ago, fate } from "./formatting.js";
import { tr } from "./texts.js";

/** Milliseconds within which a second tap on the same button is a slip of the thumb. */
const SLIP = 600;

/** Milliseconds for which a report that is sent asks who it was. */
const WHO_ASKED = 300_000;

/** Own reports that are shown at first. */
const SHOWN = 30;

export class ReportButtons {
  /**
   * @param {Element} root
   * @param {object} on {tap(kind, origin, everything), state(statement), end(over)}
   * @param {object} prefers what this device remembers: {everything, more}, kept by `keep`
   */
  constructor(root, on, prefers = {}) {
    this.root = root;
    this.on = on;
    this.drawn = "";
    this.drawings = {};
    this.prefers = prefers;
    this.everything = Boolean(prefers.everything);
    this.state = null;
    this.origin = "";
    this.filter = "";
    this.tapped = { key: "", at: 0 };
  }

  /**
   * Draw the buttons, where they have changed; those of an event that is over as long as reports count.
   * @param {object} state
   * @param {number} wall milliseconds since 1970, on the gateway's clock
   */
  draw(state, wall) {
    const { sided, whole } = offered(state);
    const origins = state.event?.origins ?? [];
    const { drawings = {} } = shown(state);
    const [counts, until] = [reportsCount(state, wall), untilWords(state, wall)];
    const stated = state.finished ? [] : offeredStatements(state);
    const text = JSON.stringify([
      ...[sided, whole, stated, origins, counts, until],
      Object.keys(drawings),
      state.finished,
    ]);
    if (text === this.drawn || !state.event) return;
    this.drawn = text;
    this.state = state;
    this.drawings = drawings;
    if (!counts) {
      const words = tr("The event is over, and reports of it no longer count. Thank you.");
      fill(this.root, el("p.empty", {}, words));
      return;
    }
    const pick = origins.length > COLUMNS;
    fill(
      this.root,
      until && after(until),
      this.#details(sided.concat(whole)),
      sided.length > 0 && (pick ? this.#picker(sided, origins) : this.#columns(sided, origins)),
      el(
        "div.whole",
        {},
        whole.map((kind) => this.#button(kind, "")),
        stated.map((one) => this.#statement(one)),
        el(
          "button.button.tile.slim",
          { type: "button", onclick: () => this.on.end(!state.finished) },
          state.finished ? tr("It is not over …") : tr("The event is over …"),
        ),
      ),
    );
  }

  #statement(one) {
    const onclick = () => this.on.state(one);
    const more = one.of.length || one.details.some((detail) => detail.required) ? " …" : "";
    return el("button.button.tile.slim", { type: "button", onclick }, `${one.text}${more}`);
  }

  #details(kinds) {
    if (!kinds.some((kind) => kind.details.some((detail) => !detail.required))) return null;
    const box = el("input", {
      type: "checkbox",
      role: "switch",
      checked: this.everything,
      onchange: (event) => {
        this.everything = event.target.checked;
        this.#keep({ everything: this.everything });
      },
    });
    return el(
      "label.switch",
      {},
      box,
      el("span", {}, tr("Ask who and how")),
      el("span.quiet-words", {}, tr("before it is sent")),
    );
  }

  #keep(about) {
    Object.assign(this.prefers, about);
    this.prefers.keep?.();
  }

  /** What is reported rarely comes under "more", on all sides at once. */
  #more(kinds, origin) {
    if (!kinds.length) return null;
    const toggle = (event) => {
      const open = event.target.open;
      if (open === Boolean(this.prefers.more)) return;
      this.#keep({ more: open });
      for (const each of this.root.querySelectorAll("details.more")) each.open = open;
    };
    return el(
      "details.more",
      { open: Boolean(this.prefers.more), ontoggle: toggle },
      el("summary", {}, tr("More")),
      el(
        "div.tiles",
        {},
        kinds.map((kind) => this.#button(kind, origin)),
      ),
    );
  }

  #columns(kinds, origins) {
    const { first, more } = folded(this.state, kinds);
    const column = (origin, at) =>
      el(
        "section.column",
        { "aria-label": origin },
        el("h3", {}, el(at ? "span.mark" : "span.mark.home", { "aria-hidden": "true" }), origin),
        el(
          "div.tiles",
          {},
          first.map((kind, place) => this.#button(kind, origin, place === 0)),
        ),
        this.#more(more, origin),
      );
    return el(
      "div.sides-pad",
      { class: `sides-pad of-${Math.min(origins.length, COLUMNS)}` },
      origins.map(column),
    );
  }

  /** Of many origins one is chosen first. */
  #picker(kinds, origins) {
    const list = el("div.choices.origins", { role: "radiogroup", "aria-label": tr("Who") });
    const tiles = el("div.tiles.wide-tiles");
    const title = el("h3", {});
    const drawTiles = () => {
      title.textContent = this.origin || tr("Choose who first");
      fill(
        tiles,
        kinds.map((kind) => this.#button(kind, this.origin, false, !this.origin)),
      );
    };
    const drawList = () => {
      const wanted = this.filter.toLowerCase();
      const found = origins.filter((origin) => origin.toLowerCase().includes(wanted)).slice(0, 60);
      fill(
        list,
        found.map((origin) => this.#choice(origin, drawTiles)),
      );
    };
    const filter = el("input", {
      type: "search",
      placeholder: tr("Name"),
      "aria-label": tr("Find a name"),
      autocomplete: "off",
      oninput: (event) => {
        this.filter = event.target.value;
        drawList();
      },
    });
    drawList();
    drawTiles();
    return el("div.picker", {}, origins.length > 12 && filter, list, title, tiles);
  }

  #choice(origin, then) {
    const choose = () => {
      this.origin = origin;
      then();
    };
    return el(
      "label",
      {},
      el("input", {
        type: "radio",
        name: "origin",
        value: origin,
        checked: origin === this.origin,
        onchange: choose,
      }),
      el("span", {}, origin),
    );
  }

  #button(kind, origin, first = false, disabled = false) {
    const button = el(
      first ? "button.button.tile.first" : "button.button.tile",
      {
        type: "button",
        disabled,
        "data-action": kind.title,
        "data-origin": origin,
        "aria-label": [kind.text, origin].filter(Boolean).join(", "),
      },
      icon(kind.title, this.drawings),
      el("span", {}, kind.text),
    );
    button.addEventListener("click", () => this.#tap(button, kind, origin));
    return button;
  }

  #tap(button, kind, origin) {
    const [key, now] = [`${kind.title}|${origin}`, Date.now()];
    if (this.tapped.key === key && now - this.tapped.at < SLIP) return;
    this.tapped = { key, at: now };
    navigator.vibrate?.(12);
    button.classList.remove("tapped");
    requestAnimationFrame(() => button.classList.add("tapped"));
    this.on.tap(kind, origin, this.everything);
  }
}

function after(until) {
  return el(
    "p.after",
    { role: "status" },
    el("strong", {}, tr("The event is over.")),
    " ",
    tr(
      "What you saw before it ended, cards and decisions after it, and corrections in the feed still count until {until}.",
      { until },
    ),
  );
}

const TONES = {
  kept: "waits",
  sending: "waits",
  taken: "waits",
  stored: "waits",
  accepted: "good",
  expired: "weak",
  refused: "bad",
};

function tallied(own) {
  return own.needed ? [own.for, own.against, own.needed] : null;
}

/**
 * Draw what this person has said, newest first.
 * @param {object} on {undo(own), who(own, detail, name)}
 * @param {number} now milliseconds since 1970, on the clock of this device
 */
export function drawOwn(list, state, outbox, on, now) {
  const rows = outbox.shown().slice(0, SHOWN);
  const sides = lineups(state);
  keyed(
    list,
    rows.map((own) => ({
      key: own.id,
      version: JSON.stringify([
        ...[own.outcome, own.undone, own.reason, own.entry_id, own.takes, tallied(own)],
        ...[own.who, ago(own.report.time, now), Boolean(asks(state, sides, own, now))],
      ]),
      draw: () => ownRow(state, own, on, now, asks(state, sides, own, now)),
    })),
  );
  if (!rows.length)
    fill(list, el("li.own-empty", {}, tr("Tap what you see. Here it says what becomes of it.")));
}

/** Return who may be named on a row: while it is new, and nobody is named yet. */
function asks(state, sides, own, now) {
  const over = own.undone || own.takes || own.who || ["expired", "refused"].includes(own.outcome);
  if (over || now - Date.parse(own.report.time) > WHO_ASKED) return null;
  return whoOf(state, sides, own.report.event);
}

/** The names of a side, a tap each; those with a number show it large. */
function shirts(own, asked, on) {
  const shirt = (name) => {
    const [, number, rest] = /^(\d{1,3})\s+(.*)$/.exec(name) ?? [null, "", name];
    return el(
      "button.shirt",
      { type: "button", "aria-label": name, onclick: () => on.who(own, asked.detail, name) },
      number && el("strong", {}, number),
      el("span", {}, rest.split(" ").at(-1)),
    );
  };
  return el(
    "details.who",
    {},
    el("summary.button", {}, tr("Who?")),
    el("div.shirts", {}, asked.names.map(shirt)),
  );
}

function ownRow(state, own, on, now, asked) {
  const what = ownWords(state, own);
  const over = own.takes || own.about || own.outcome === "expired" || own.outcome === "refused";
  const open = !own.undone && !over;
  const became = own.undone ? tr("taken back") : fate(own);
  return el(
    `li.own-row.${own.undone ? "weak" : (TONES[own.outcome] ?? "waits")}`,
    {},
    el(
      "div",
      {},
      el("p.what", {}, what),
      el("p.became", {}, el("span.when", {}, ago(own.report.time, now)), became),
    ),
    open &&
      el(
        "button.button.undo",
        { type: "button", "aria-label": tr("Undo: {what}", { what }), onclick: () => on.undo(own) },
        icon("undo"),
        el("span", {}, tr("Undo")),
      ),
    asked && shirts(own, asked, on),
  );
}

/** Return what a report says, in words. */
export function ownWords(state, own) {
  const { title, origin, details = {} } = own.report.event;
  if (title === "answer") return `${details.yes ? tr("Yes") : tr("No")} · ${own.about}`;
  const corrections = {
    confirm: tr("The score: {score}", { score: details.score ?? "" }),
    delete: tr("It did not happen"),
    amend: tr("Put right"),
    undo: tr("Undo"),
    end: details.over === false ? tr("It is not over") : tr("The event is over"),
  };
  const said = Object.entries(details)
    .filter(([name]) => !["entry", "report", "score", "over", "play", "review"].includes(name))
    .map(([name, value]) => valueText(state, name, value));
  const about = details.entry ? [aboutEntry(state, details.entry)] : [];
  if (title === STATEMENT) corrections.state = statedWords(state, details);
  return [corrections[title] ?? kindText(state, title), origin, ...about, ...said]
    .filter(Boolean)
    .join(" · ");
}

function aboutEntry(state, id) {
  const entry = state.byId.get(String(id))?.entry;
  return entry ? `${kindText(state, entry.title)} ${clockOf(state, entry)}`.trim() : "";
}
