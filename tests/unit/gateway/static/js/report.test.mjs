import assert from "node:assert/strict";
import { test } from "node:test";

import {
  aboutOf,
  asked,
  details,
  folded,
  names,
  offered,
  offeredStatements,
  statedWords,
  scoreForm,
  scoreText,
} from "../../../../../gateway/static/js/buttons.js";
import { disputes, follow } from "../../../../../gateway/static/js/claims.js";
import { lineups } from "../../../../../gateway/static/js/lineup.js";
import { Outbox } from "../../../../../gateway/static/js/outbox.js";
import { Refused, Sender } from "../../../../../gateway/static/js/session.js";
import { start, take } from "../../../../../gateway/static/js/state.js";
import { ago, fate } from "../../../../../gateway/static/js/formatting.js";
import { at, CARD, entry, PRESENTATIONS, setup, snapshot } from "./feeds.mjs";

/** As localStorage behaves. */
class Store {
  #kept = new Map();
  get length() {
    return this.#kept.size;
  }
  key(place) {
    return [...this.#kept.keys()][place] ?? null;
  }
  getItem(key) {
    return this.#kept.get(key) ?? null;
  }
  setItem(key, text) {
    this.#kept.set(key, text);
  }
  removeItem(key) {
    this.#kept.delete(key);
  }
}

function outboxes() {
  const store = new Store();
  let next = 0;
  return { store, open: () => new Outbox(store, "a-v-b", "ann", () => `id${next++}`) };
}

const GOAL = { title: "goal", origin: "A", time: at(10), details: {} };

test("reports outlive the page, in the order in which they were said", () => {
  const { open } = outboxes();
  const box = open();
  for (const origin of ["A", "B", "A"]) box.add({ ...GOAL, origin }, at(10));
  const again = open();
  assert.deepEqual(
    again.pending().map((own) => own.report.event.origin),
    ["A", "B", "A"],
  );
  assert.deepEqual(
    again.pending().map((own) => own.id),
    ["id0", "id1", "id2"],
  );
});

test("a report that was on its way when the page went is sent again under the same id", () => {
  const { open } = outboxes();
  const box = open();
  box.add(GOAL, at(10));
  const sent = box.next();
  const again = open();
  assert.deepEqual(
    again.pending().map((own) => own.report),
    sent.map((own) => own.report),
  );
});

test("undo of what never left the device leaves no trace; of anything else it is a report", () => {
  const { open, store } = outboxes();
  const box = open();
  assert.equal(box.undo(box.add(GOAL, at(10)), at(11)), null);
  assert.equal(store.length, 0);
  const own = box.add(GOAL, at(12));
  box.next();
  const undo = box.undo(own, at(13));
  assert.deepEqual(undo.report.event, {
    title: "undo",
    origin: "",
    time: at(13),
    details: { report: own.id },
  });
  assert.equal(own.undone, true);
  assert.deepEqual(box.shown(), [own]);
});

test("what became of a report is noted once, and never goes back", () => {
  const { open } = outboxes();
  const box = open();
  const own = box.add(GOAL, at(10));
  box.next();
  assert.equal(box.note({ id: own.id, n: 1, outcome: "kept" }), own);
  assert.equal(own.outcome, "taken");
  box.note({ id: own.id, n: 1, outcome: "stored" });
  assert.equal(box.note({ id: own.id, n: 1, outcome: "kept" }), null); // an answer that was overtaken
  assert.equal(own.outcome, "stored");
  assert.equal(box.note({ id: own.id, n: 1, outcome: "accepted", entry_id: "7" }), own);
  assert.equal(box.note({ id: own.id, n: 1, outcome: "stored" }), null);
  assert.equal(box.note({ id: "another's", outcome: "stored" }), null);
  assert.deepEqual([own.outcome, own.entry_id], ["accepted", "7"]);
});

test("a stored report is followed through the claim that is nearest to it, each claim once", () => {
  const { open } = outboxes();
  const box = open();
  const said = [10, 40, 900].map((seconds) => box.add({ ...GOAL, time: at(seconds) }, at(seconds)));
  const gone = box.add({ ...GOAL, time: at(41) }, at(41));
  const kept = box.add({ ...GOAL, time: at(42) }, at(42));
  for (const own of [...said, gone]) box.note({ id: own.id, n: 1, outcome: "stored" });
  gone.undone = true;
  const claim = (seconds, about) => ({
    ...{ title: "goal", origin: "A", time: at(seconds), for: 2, against: 0, needed: 3 },
    ...about,
  });
  follow(box, [claim(44), claim(12, { for: 1, against: 2 }), claim(41, { origin: "B" })], 0);
  const told = (own) => [own.for, own.against, own.needed];
  const none = [undefined, undefined, undefined];
  assert.deepEqual(said.map(told), [[1, 2, 3], [2, 0, 3], none]);
  assert.deepEqual([gone, kept].map(told), [none, none]);
  assert.deepEqual(open().reports.map(told).slice(0, 2), [
    [1, 2, 3],
    [2, 0, 3],
  ]);
  // Here it is ten minutes too early: the gateway has put the report's time right.
  follow(box, [claim(1_510, { for: 9 })], 600_000);
  assert.equal(said[2].for, 9);
  // What it came to last is still known when it is over.
  follow(box, [], 0);
  box.note({ id: said[0].id, n: 1, outcome: "expired" });
  assert.equal(fate(said[0]), "overruled: 2 said otherwise");
});

test("two people on one device have outboxes of their own", () => {
  const { store, open } = outboxes();
  open().add(GOAL, at(10));
  assert.equal(new Outbox(store, "a-v-b", "bob").reports.length, 0);
  assert.equal(new Outbox(store, "c-v-d", "ann").reports.length, 0);
});

test("a bounded number of decided reports is remembered, what is pending always", () => {
  const { open } = outboxes();
  const box = open();
  for (let n = 0; n < 150; n += 1) {
    const own = box.add(GOAL, at(n));
    if (n > 0) box.note({ id: own.id, outcome: "accepted" });
  }
  assert.ok(box.reports.length <= 102, `${box.reports.length}`);
  assert.equal(box.pending().length, 1);
});

test("reports go in order, and what did not arrive goes again", async () => {
  const { open } = outboxes();
  const box = open();
  box.add(GOAL, at(10));
  box.add({ ...GOAL, origin: "B" }, at(11));
  const tries = [];
  let retry;
  const post = async (reports) => {
    tries.push(reports.map((one) => one.id));
    if (tries.length === 1) throw new TypeError("no network");
    return reports.map((one) => ({ id: one.id, outcome: "kept", n: 1 }));
  };
  const sender = new Sender(box, post, { changed() {}, refused() {} }, (call) => (retry = call));
  await sender.go();
  assert.equal(box.pending().length, 2);
  await retry();
  assert.deepEqual(tries, [
    ["id0", "id1"],
    ["id0", "id1"],
  ]);
  assert.equal(box.pending().length, 0);
});

test("a gateway that has no room now is asked again later, and not at once", async () => {
  const { open } = outboxes();
  const box = open();
  box.add(GOAL, at(10));
  let [tries, pauses] = [0, 0];
  const post = async (reports) => {
    tries += 1;
    return reports.map((one) => ({
      id: one.id,
      outcome: "refused",
      code: "OVERLOADED",
      reason: "full",
    }));
  };
  await new Sender(box, post, { changed() {}, refused() {} }, () => (pauses += 1)).go();
  assert.deepEqual([tries, pauses, box.pending().length], [1, 1, 1]);
});

test("where nobody is signed in, the reports stay and the person is told", async () => {
  const { open } = outboxes();
  const box = open();
  box.add(GOAL, at(10));
  let told = null;
  const post = async () => {
    throw new Refused(401, { code: "BAD_TOKEN", reason: "you are not signed in" });
  };
  await new Sender(box, post, { changed() {}, refused: (error) => (told = error.code) }).go();
  assert.equal(told, "BAD_TOKEN");
  assert.equal(box.pending().length, 1);
});

const PERIOD = {
  name: "period",
  text: "which",
  choices: ["first_half"],
  number: false,
  required: true,
};
const PLAYER = { name: "player", text: "who", choices: [], number: false, required: false };
const KINDS = [
  { title: "goal", text: "Goal", needs_origin: true, details: [PLAYER] },
  { title: "period_start", text: "Play begins", needs_origin: false, details: [PERIOD] },
];

function joined(entries = []) {
  const state = start();
  take(state, setup({ kinds: KINDS }));
  take(state, snapshot(entries));
  return state;
}

test("actions that nobody makes stand apart, and required details are always asked", () => {
  const { sided, whole } = offered(joined());
  assert.deepEqual([sided.length, whole.length], [1, 1]);
  assert.deepEqual(asked(sided[0], false), []);
  assert.deepEqual(asked(sided[0], true), [PLAYER]);
  assert.deepEqual(asked(whole[0], false), [PERIOD]);
});

const REASON = { name: "reason", text: "why", choices: [], number: false, required: false };
const MINUTE = { name: "minute", text: "the minute", choices: [], number: true, required: true };
const STATEMENTS = [
  { text: "Play interrupted", says: { play: "interrupted" }, details: [REASON], of: [] },
  { text: "Play goes on", says: { play: "resumed" }, details: [REASON], of: [] },
  { text: "Under review", says: { review: "begun" }, details: [REASON], of: ["corner"] },
  { text: "Review over", says: { review: "over" }, details: [REASON], of: ["corner"] },
  { text: "The minute", says: {}, details: [MINUTE], of: [] },
];

test("of the statements those are offered that change something as things stand", () => {
  const texts = (entries) => {
    const state = start();
    take(state, setup({ kinds: KINDS, statements: STATEMENTS }));
    take(state, snapshot(entries));
    return offeredStatements(state).map((one) => one.text);
  };
  const stated = { title: "state", origin: "", details: { play: "interrupted" } };
  assert.deepEqual(texts([]), ["Play interrupted", "Under review", "The minute"]);
  assert.deepEqual(texts([entry(1)]), ["Play interrupted", "Under review", "The minute"]);
  assert.deepEqual(texts([entry(1, { review: "offside" })]), [
    ...["Play interrupted", "Review over", "The minute"],
  ]);
  assert.deepEqual(texts([entry(1, stated)]), ["Play goes on", "Under review", "The minute"]);
  const unreported = { title: "state", origin: "", details: { review: "begun" }, review: "handball" };
  assert.deepEqual(texts([entry(1), entry(2, unreported)]), [
    ...["Play interrupted", "Review over", "The minute"],
  ]);
});

test("a review is of the newest entries of its kinds, and is told in words", () => {
  const state = start();
  take(state, setup({ kinds: KINDS, statements: STATEMENTS }));
  const entries = [1, 2, 3, 4, 5, 6].map((seq) => entry(seq, seq === 6 ? { title: "save" } : {}));
  take(state, snapshot(entries));
  const ids = aboutOf(state, STATEMENTS[2]).map((one) => one.seq);
  assert.deepEqual(ids, [5, 4, 3, 2]);
  assert.deepEqual(aboutOf(state, STATEMENTS[3]), []);
  take(state, snapshot([entry(1), entry(2, { title: "state", review: "handball" })]));
  assert.deepEqual(aboutOf(state, STATEMENTS[3]).map((one) => one.seq), [2]);
  assert.equal(statedWords(state, { review: "begun", reason: "offside" }), "Under review");
  assert.equal(statedWords(state, { minute: 62 }), "The minute");
});

test("details left empty are left out, numbers are numbers, a required one is missed", () => {
  const kind = {
    details: [PLAYER, { name: "points", number: true, choices: [], required: false }],
  };
  assert.deepEqual(details(kind, { player: " ", points: "2,5" }).details, { points: 2.5 });
  assert.equal(details(kind, { points: "two" }).missing, "points");
  assert.equal(details(KINDS[1], {}).missing, "period");
});

test("names to choose from are those who can have done it", () => {
  const state = joined([
    entry(1, { title: "substitution", details: { off: "Ann Ash", on: "Cy Coe" } }),
    entry(2, { title: "red_card", details: { player: "Dee Dow" }, origin: "B" }),
  ]);
  const sides = lineups(state);
  assert.deepEqual(names(state, sides, "A", "off"), ["Bea Bay", "Cy Coe"]);
  assert.deepEqual(names(state, sides, "A", "on"), []);
  assert.deepEqual(names(state, sides, "A", "player", { how: "own goal" }), ["Eve Elm"]);
  assert.deepEqual(names(state, sides, "A", "how"), []);
});

test("line-ups show goals, cards and who came on; a disallowed goal is nobody's", () => {
  const goal = (seq, player, about = {}) =>
    entry(seq, { title: "goal", details: { player, ...about.details }, ...about });
  const state = joined([
    goal(1, "ann ash"),
    goal(2, "Bay"),
    entry(3, { title: "goal_disallowed", relates_to: "2" }),
    entry(4, { title: "goal", details: { player: "Dee Dow", how: "own goal" } }),
    entry(5, { title: "substitution", details: { off: "Bea Bay", on: "Cy Coe" } }),
  ]);
  const [a, b] = lineups(state);
  const brought = (one) => one.marks.map(({ mark, times }) => `${mark.text} ${times}`);
  assert.deepEqual(
    a.players.map((one) => [one.name, brought(one), one.on, one.off]),
    [
      ["Ann Ash", ["goal 1"], false, false],
      ["Bea Bay", ["went off 1"], false, true],
      ["Cy Coe", ["came on 1"], true, false],
    ],
  );
  assert.deepEqual(brought(b.players[0]), ["own goal 1"]);
});

test("with a set of volleyball line-ups begin anew, points and cards stay", () => {
  const card = { ...CARD, sport: "volleyball", lineups: { A: ["Ann Ash", "Bea Bay", "Cy Coe"] } };
  const change = (seq, off, on, previous) =>
    entry(seq, { title: "substitution", details: { off, on }, score: { previous } });
  const point = entry(2, {
    title: "point",
    details: { player: "Cy Coe" },
    score: { previous: [[25, 20]] },
  });
  const state = start();
  take(state, setup({ event: card }));
  take(state, snapshot([change(1, "Bea Bay", "Cy Coe", []), point]));
  const shown = () => lineups(state)[0].players.map((one) => [one.on, one.off, one.marks.length]);
  assert.deepEqual(shown(), [
    [false, false, 0],
    [false, false, 0],
    [false, false, 1],
  ]);
  take(state, snapshot([change(1, "Bea Bay", "Cy Coe", [])]));
  assert.deepEqual(shown()[1], [false, true, 1]);
});

test("a confirmed score is written as the host reads it", () => {
  const of = (sport, score, origins = ["A", "B"]) => ({
    event: { ...CARD, sport, origins },
    presentation: PRESENTATIONS[sport],
    score,
  });
  const football = of("football", { goals: { A: 2, B: 1 } });
  assert.deepEqual(
    scoreForm(football).fields.map((one) => one.value),
    [2, 1],
  );
  assert.equal(scoreText(football, [2, 1]), "2-1");
  assert.equal(scoreText(of("football", {}), [3, 3, 4, 2]), "3-3 (4-2)");
  assert.equal(scoreText(of("race", {}), [12]), "12");
  assert.equal(scoreText(of("custom", {}, ["A", "B", "C"]), [11, 9, 0]), "11, 9, 0");
  assert.equal(scoreText(of("custom", {}), [-1, 3]), "-1, 3");
  const tennis = of("tennis", {
    previous: [[6, 4]],
    games: { A: 3, B: 2 },
    points: { A: "40", B: "15" },
  });
  assert.equal(scoreForm(tennis).text, "6-4 3-2 40-15");
});

test("how long ago it was is said as people say it", () => {
  const time = "2026-06-11T19:00:00Z";
  const after = (seconds) => ago(time, Date.parse(time) + 1_000 * seconds);
  assert.equal(after(59), "just now");
  assert.equal(after(60), "a minute ago");
  assert.equal(after(125), "2 minutes ago");
  assert.match(after(3_600), /^\d\d:\d\d:\d\d$/);
});

test("rare actions are folded where the sport says which are not", () => {
  const kinds = ["save", "corner", "goal"].map((title) => ({ title }));
  const titles = (pad) => {
    const { first, more } = folded({ presentation: { pad } }, kinds);
    return [first, more].map((list) => list.map((kind) => kind.title));
  };
  assert.deepEqual(titles(["goal", "corner", "shot"]), [["goal", "corner"], ["save"]]);
  assert.deepEqual(titles(undefined), [["save", "corner", "goal"], []]);
});

test("of what is disputed a reporter is told how much it is, and what of it is the reporter's own", () => {
  const { open } = outboxes();
  const outbox = open();
  outbox.add(GOAL);
  const state = start();
  take(state, setup());
  take(state, snapshot());
  const claim = { origin: "A", time: at(11), for: 2, against: 2, needed: 3 };
  state.pending = [
    { ...claim, title: "goal" },
    { ...claim, title: "yellow" },
    { ...claim, title: "goal", origin: "B", against: 1 },
  ];
  state.disputed = 2;
  state.ready = true;
  const found = disputes(state, outbox, Date.parse(at(12)));
  assert.equal(found.count, 2);
  assert.deepEqual(found.own, [state.pending[0]]);
});
