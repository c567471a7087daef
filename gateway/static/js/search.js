// The page on which events are found.

import { byId, el, keyed, say } from "./dom.js";
import { endedWord, endingText } from "./ending.js";
import { capital, count, day, sentence } from "./formatting.js";

/** Milliseconds after the last key before the search begins. */
const PAUSE = 180;

/** Milliseconds between looks at what is shown. */
const AGAIN = 10_000;

const LIMIT = 20;

const form = byId("search");
const scores = new Map(); // what each event's score was when it was last asked for
let shown = [];
let cursor = "";
let asked = 0;
let timer = 0;

function wanted() {
  const fields = new FormData(form);
  return { text: fields.get("text").trim(), status: fields.get("status") };
}

async function search({ more = false } = {}) {
  const turn = ++asked;
  const { text, status } = wanted();
  const query = new URLSearchParams({
    limit: String(more ? LIMIT : Math.max(LIMIT, Math.min(100, shown.length))),
  });
  if (text) query.set("text", text);
  if (status) query.set("status", status);
  if (more && cursor) query.set("cursor", cursor);
  try {
    const answer = await fetch(`/api/events?${query}`);
    const body = await answer.json();
    if (turn !== asked) return; // something newer was typed meanwhile
    if (!answer.ok) throw new Error(body.reason ?? answer.statusText);
    shown = more ? [...shown, ...body.events] : body.events;
    cursor = body.cursor ?? "";
    say(byId("said"), words(text, status));
    draw();
    askScores(turn);
  } catch (error) {
    if (turn !== asked) return;
    const why = error instanceof TypeError ? "The gateway can't be reached." : error.message;
    say(byId("said"), `${why} It is tried again in a moment.`);
  }
}

function words(text, status) {
  const kind = { live: "live ", scheduled: "coming ", finished: "finished " }[status] ?? "";
  if (!shown.length)
    return text ? `Nothing ${kind}is called “${text}”.` : `There are no ${kind}events.`;
  const plus = cursor ? "+" : "";
  return text
    ? `${shown.length}${plus} found for “${text}”`
    : count(shown.length, `${kind}event`) + plus;
}

async function askScores(turn) {
  for (const card of shown) {
    if (turn !== asked) return;
    if (card.live || card.status === "scheduled") continue;
    if (card.status === "finished" && scores.has(card.event)) continue;
    try {
      const answer = await fetch(`/api/events/${encodeURIComponent(card.event)}/score`);
      if (answer.ok) scores.set(card.event, await answer.json());
    } catch {
      return; // the next look asks again
    }
    if (turn === asked) draw();
  }
}

function draw() {
  keyed(
    byId("results"),
    shown.map((card) => ({
      key: card.event,
      version: JSON.stringify([card.status, card.title, card.hosted, known(card)?.headline, course(card)]),
      draw: () => result(card),
    })),
  );
  byId("more").hidden = !cursor;
}

/** Return where an event stands, as far as the gateway follows it or was asked; undefined otherwise. */
function known(card) {
  return card.live ?? scores.get(card.event);
}

/** Return why an event ended before its end, or play does not go on now; empty otherwise. */
function course(card) {
  const { ending, interrupted } = known(card) ?? {};
  if (ending?.how || ending?.reason) return sentence(endingText(ending));
  if (!interrupted) return "";
  return sentence(`Play is interrupted${interrupted.reason && `: ${interrupted.reason}`}`);
}

function result(card) {
  const sides = card.origins ?? [];
  const stand = known(card);
  const figures =
    sides.length === 2 ? sides.map((side, at) => figuresOf(card.presentation?.score, stand?.score, side, at)) : [];
  const about = [
    card.presentation?.text ?? capital(card.sport ?? ""),
    sides.length > 2 && count(sides.length, "side"),
    day(card.starts),
  ];
  // Two sides say more than a title that only names them.
  const named = sides.length === 2 && sides.every((side) => card.title.includes(side));
  return el(
    "li.result",
    {},
    el(
      "p.about",
      {},
      el(
        "a",
        {
          href: `/events/${encodeURIComponent(card.event)}`,
          class: named && stand ? "small" : null,
        },
        card.title,
      ),
      status(card),
    ),
    sides.length === 2 && (!named || stand)
      ? el(
          "ul.pair",
          {},
          sides.map((side, at) => row(side, figures[at], stand?.score)),
        )
      : stand?.headline && el("p.headline", {}, stand.headline),
    course(card) && el("p.course", {}, course(card)),
    el("p.more", {}, about.filter(Boolean).join(" · ")),
  );
}

function row(side, figures, score) {
  const won = score?.winner === side;
  return el(
    won ? "li.won" : "li",
    {},
    el("span", {}, side),
    el(
      "span.figures",
      {},
      figures.map((one, at) => el(at === figures.length - 1 ? "b" : "span", {}, one)),
    ),
  );
}

/** Return a side's figures, the newest last: its count, or what it has set by set. */
function figuresOf(layout, score, side, at) {
  if (!score || !layout) return [];
  if (layout.kind === "sets") {
    const sets = (score[layout.sets] ?? []).map((set) => set[at]);
    return score.winner ? sets : [...sets, score[layout.columns[0].key]?.[side] ?? 0];
  }
  const [counts, further] = [score[layout.counts], score[layout.extra]];
  return counts ? [counts[side] ?? 0, ...(further ? [`(${further[side] ?? 0})`] : [])] : [];
}

function status(card) {
  if (card.status === "live" && !card.hosted) return el("span.status", {}, "No host at present");
  const ending = known(card)?.ending;
  const over = ending?.how ? endedWord(ending) : "Over";
  const text = { live: "Live", scheduled: "To come", finished: over }[card.status] ?? card.status;
  const dot = card.status === "live" && el("span.live-dot.beating", { "aria-hidden": "true" });
  return el(`span.status.${card.status}`, {}, dot, text);
}

function soon() {
  clearTimeout(timer);
  timer = setTimeout(search, PAUSE);
}

form.addEventListener("input", soon);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  search();
});
byId("more").addEventListener("click", () => search({ more: true }));
addEventListener("keydown", (event) => {
  // "/" goes to the search, arrows walk through what was found.
  if (event.key === "/" && document.activeElement !== byId("text")) {
    event.preventDefault();
    byId("text").focus();
  } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    walk(event);
  }
});

function walk(event) {
  const links = [...document.querySelectorAll(".result a")];
  const place = links.indexOf(document.activeElement);
  if (document.activeElement !== byId("text") && place < 0) return;
  const next = place + (event.key === "ArrowDown" ? 1 : -1);
  event.preventDefault();
  if (next < 0) byId("text").focus();
  else links[Math.min(next, links.length - 1)]?.focus();
}

setInterval(() => document.hidden || search(), AGAIN);
addEventListener("online", () => search());
addEventListener("pageshow", () => search());
