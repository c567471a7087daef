// The feed as rows, newest first: entries, whistles that part it, remarks between them.

import { el } from "./dom.js";
import { icon } from "./icons.js";
import { entryText } from "./entry_text.js";
import { eventTime } from "./event_time.js";
import { REMARKS } from "./kinds.js";
import { shown, takenBack } from "./presentation.js";
import { standing } from "./state.js";
import { capital, evidence, evidenceSentence, marks, shortClock, timeOfDay } from "./formatting.js";
import { tr } from "./texts.js";

/** Milliseconds for which an entry that has just come stands out. */
const FRESH = 3_000;

/** The most voices that are drawn one by one. */
const VOICES = 12;

/**
 * Return the rows to show, newest first.
 * @param {object} state
 * @param {{most: number, key: boolean, act?: (entry: object) => void,
 *   history?: (entry: object) => Promise<Element>}} wish how many at most; key
 *   moments alone; what a button beside each standing entry does; what became of an entry, an element
 * @returns {{rows: Array, more: boolean}} rows for `keyed`
 */
export function rows(state, { most, key, act, history }) {
  const found = [];
  const taken = takenBack(standing(state), state);
  const between = remarks(state);
  const lines = state.entries;
  let place = lines.length - 1;
  while (place >= 0 && found.length < most) {
    const line = lines[place];
    const time = Date.parse(line.entry.time);
    while (between.length && !(between[0].at < time)) found.push(remarkRow(between.shift().remark));
    const told = entryText(state, line.entry);
    if (!key || told.key || told.big)
      found.push(entryRow(state, line, told, taken.get(line.entry.entry_id), { act, history }));
    place -= 1;
  }
  if (place < 0) found.push(...between.map(({ remark }) => remarkRow(remark)));
  return { rows: found, more: place >= 0 };
}

function remarks(state) {
  return state.remarks
    .map((remark) => ({ remark, at: REMARKS[remark.kind].at(state, remark) }))
    .sort((a, b) => (Number.isNaN(a.at) ? -1 : Number.isNaN(b.at) ? 1 : b.at - a.at));
}

function entryRow(state, line, told, taken, { act, history }) {
  const { entry } = line;
  return {
    key: `e${entry.entry_id}`,
    version: `${entry.seq}${line.late ? "l" : ""}${taken ? "d" : ""}${counts(entry)}`,
    draw: () => {
      if (told.parts && entry.status !== "DELETED") return whistle(line, told, act);
      return drawn(state, line, told, taken, { act, history });
    },
  };
}

/** Return what changes in the row when further votes come. */
function counts(entry) {
  const { for: said = 0, against = 0, present = 0, seen = 0 } = entry.evidence ?? {};
  return ` ${said} ${against} ${present} ${seen}`;
}

function drawn(state, line, told, taken, { act, history }) {
  const { entry } = line;
  const found = marks(entry, line.late, behind(state, entry), line.reviewed);
  if (taken) found.push({ kind: "deleted", word: taken.taken, why: taken.takes_back });
  const when = shortClock(told.clock) || timeOfDay(entry.time);
  const classes = [
    told.key && "key",
    told.big && "big",
    (entry.status === "DELETED" || taken) && "deleted",
    when.length > 6 && "timed",
    isFresh(line) && "fresh",
  ].filter(Boolean);
  return el(
    ["li", "line", ...classes].join("."),
    {},
    el("span.when", {}, when),
    entry.status === "DELETED" ? icon("deleted") : icon(told.icon, shown(state).drawings),
    el(
      "div",
      {},
      el("p.what", {}, told.title, told.side && el("span.whose", {}, ` · ${told.side}`)),
      told.who && el("p.who", {}, capital(told.who)),
      sure(entry, found, history),
      found.map((mark) => el("p.why", {}, mark.why)),
    ),
    el("span.end", {}, told.then && el("span.then", {}, told.then), acted(entry, told, act)),
  );
}

/** Who saw it; where its history can be had, that opens below. */
function sure(entry, found, history) {
  const words = [voices(entry), evidence(entry), found.map(tag)];
  if (!history) return el("p.sure", { title: evidenceSentence(entry) }, words);
  const open = async ({ target }) => {
    if (target.open && target.children.length === 1) target.append(await history(entry));
  };
  return el("details", { ontoggle: open }, el("summary.sure", { title: evidenceSentence(entry) }, words));
}

/** Milliseconds from an action to its entry, by the event's own clock. */
function behind(state, entry) {
  const accepted = eventTime(state.event, Date.parse(entry.accepted));
  return accepted === null ? NaN : accepted - Date.parse(entry.time);
}

function acted(entry, told, act) {
  if (!act || entry.status === "DELETED") return null;
  const about = {
    type: "button",
    "aria-label": tr("Correct: {what}", { what: `${told.title} ${told.side}`.trim() }),
    onclick: () => act(entry),
  };
  return el("button.correct", about, icon("more"));
}

function isFresh(line) {
  return line.changed > 0 && line.changed > Date.now() - FRESH;
}

function tag(mark) {
  return el(`span.tag.${mark.kind}`, {}, mark.word);
}

function voices(entry) {
  const { for: said = 0, against = 0, present = 0 } = entry.evidence ?? {};
  if (present > VOICES || present < 1) return null;
  const names = Array.from({ length: present }, (_, place) =>
    place < said ? "for" : place < said + against ? "against" : "silent",
  );
  return el(
    "span.voices",
    { "aria-hidden": "true" },
    names.map((name) => el(`i.${name}`)),
  );
}

function whistle(line, told, act) {
  const found = marks(line.entry, line.late, NaN, line.reviewed);
  return el(
    isFresh(line) ? "li.whistle.fresh" : "li.whistle",
    { title: evidenceSentence(line.entry) },
    el(
      "span",
      {},
      told.clock && `${told.clock} · `,
      told.title,
      told.side && ` · ${told.side}`,
      " ",
      el("span.sure", {}, evidence(line.entry)),
      found.map((mark) => [" ", el(`span.tag.${mark.kind}`, { title: mark.why }, mark.word)]),
    ),
    acted(line.entry, told, act),
  );
}

function remarkRow(remark) {
  const { key, version, icon: name, title, text, open } = REMARKS[remark.kind].row(remark);
  const kind = remark.kind === "end" ? "li.outage-line.end-line" : "li.outage-line";
  return {
    key,
    version,
    draw: () =>
      el(
        open ? `${kind}.open` : kind,
        {},
        icon(name),
        el("p", {}, el("strong", {}, title)),
        text && el("p", {}, text),
      ),
  };
}
