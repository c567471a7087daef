import assert from "node:assert/strict";
import { test } from "node:test";

import { figure, pair } from "../../../../../gateway/static/js/presentation.js";
import { scoreForm } from "../../../../../gateway/static/js/buttons.js";
import { cause } from "../../../../../gateway/static/js/banner.js";
import { leaders, timeTaken } from "../../../../../gateway/static/js/score_header.js";
import { entryText, unconfirmed } from "../../../../../gateway/static/js/entry_text.js";
import { agreement, lead, matchAxis, outages } from "../../../../../gateway/static/js/scale.js";
import { start, take } from "../../../../../gateway/static/js/state.js";
import {
  duration,
  evidence,
  fate,
  marks,
  monogram,
  restoredText,
  span,
  progress,
} from "../../../../../gateway/static/js/formatting.js";
import { at, BEGAN, CARD, entry, heartbeat, setup, snapshot } from "./feeds.mjs";

function joined(entries = [], about = {}, card = {}) {
  const state = start();
  take(state, setup({ event: { ...CARD, ...card } }));
  take(state, snapshot(entries, about));
  return state;
}

test("lengths of time are said in a few characters, and who saw it in words", () => {
  assert.deepEqual([0.012, 0.8, 42, 180, 7_200].map(span), [
    "12 ms",
    "0.8 s",
    "42 s",
    "3 min",
    "2 h",
  ]);
  assert.equal(duration(3_723_000), "1:02:03");
  assert.equal(evidence(entry(1)), "2 of 3 saw it");
  const torn = entry(1, { evidence: { for: 3, against: 2, present: 9, latency_ms: 4 } });
  assert.equal(evidence(torn), "3 of 9 saw it, 2 say otherwise");
});

test("how far a claim has come is said of it, and of one's own report", () => {
  assert.equal(progress({ for: 1, against: 0, needed: 3 }), "1 of 3 says so");
  assert.equal(progress({ for: 2, against: 1, needed: 3 }), "2 of 3 say so, 1 against");
  assert.equal(fate({ outcome: "stored" }), "stored, waiting for others to say so");
  assert.equal(
    fate({ outcome: "stored", for: 2, against: 0, needed: 3 }),
    "stored, 2 of 3 say so",
  );
  assert.equal(fate({ outcome: "expired" }), "not accepted: too few others said so");
  assert.equal(
    fate({ outcome: "expired", for: 1, against: 0, needed: 3 }),
    fate({ outcome: "expired" }),
  );
  assert.equal(
    fate({ outcome: "expired", for: 1, against: 2, needed: 2 }),
    "overruled: 2 said otherwise",
  );
});

test("what the event's owner ruled says so, and why", () => {
  const ruled = (about) => marks(entry(1, { by: "k3vq", reason: "a false start", ...about }), false);
  const words = ["CONFIRMED", "UPDATED", "DELETED"].map((status) => ruled({ status })[0].word);
  assert.deepEqual(words, ["ruled by the owner", "amended by the owner", "taken back by the owner"]);
  assert.equal(ruled({})[0].why, "The event's owner decided so. A false start.");
  assert.equal(ruled({ status: "DELETED" }).length, 1);
});

test("an entry's marks say in words what is to be known of it", () => {
  const words = (about, late = false, behind = NaN) =>
    marks(entry(1, about), late, behind).map((one) => one.word);
  assert.deepEqual(words({}), []);
  assert.deepEqual(words({}, true), ["late"]);
  assert.deepEqual(words({ status: "PROVISIONAL" }), ["unconfirmed"]);
  assert.deepEqual(words({ status: "DELETED" }, true), ["taken back"]);
  assert.deepEqual(words({ delay_status: "RECONSTRUCTED" }, true), ["reconstructed"]);
  const why = (about) => marks(entry(1, about), false)[0].why;
  assert.match(why({ status: "DELETED" }), /It no longer counts\.$/);
  assert.equal(
    why({ status: "DELETED", reason: "only 2 of 8 reporters say so" }),
    "It no longer counts: only 2 of 8 reporters say so.",
  );
  // Published again because it is now known to be doubtful: nobody amended it.
  assert.deepEqual(words({ status: "UPDATED", delay_status: "RECONSTRUCTION_INACCURATE" }), [
    "doubtful",
  ]);
  const [mark] = marks(
    entry(1, { delay_status: "RECONSTRUCTION_INACCURATE", reason: "the score is 2–1" }),
    false,
  );
  assert.match(mark.why, /The score is 2–1\.$/);
  assert.match(
    marks(entry(1, { delay_status: "DELAYED" }), false, 42_000)[0].why,
    /reported 42 s late/,
  );
  assert.match(marks(entry(1, { delay_status: "DELAYED" }), false)[0].why, /reported late/);
});

test("a score that rests on what is not confirmed says on what", () => {
  const goal = (seq, status) =>
    entry(seq, { title: "goal", status, evidence: { for: seq, against: 0, present: 8 } });
  const state = joined([goal(1, "PROVISIONAL"), entry(2, { status: "PROVISIONAL" })]);
  assert.deepEqual(unconfirmed(state), { words: "Goal · A", voices: 1, present: 8 });
  take(state, goal(3, "PROVISIONAL"));
  assert.equal(unconfirmed(state).voices, 3);
  for (const one of [{ seq: 4, entry_id: "3", status: "DELETED" }, { seq: 5, entry_id: "1" }])
    take(state, { ...goal(one.seq, "CONFIRMED"), seconds: 0, ...one });
  assert.equal(unconfirmed(state), null);
});

test("the end of an outage says what it came to", () => {
  const text = restoredText({
    entries: 3,
    inaccurate: 1,
    confirmed: true,
    reason: "a goal is missing",
  });
  assert.equal(
    text,
    "Contact is back: 3 entries put together, 1 of them doubtful, the score confirmed by reporters. A goal is missing.",
  );
});

test("the banner names the cause of the silence, the gravest first", () => {
  const state = joined();
  const feed = { state, link: { kind: "open", since: 0, again: 0 }, wall: () => BEGAN + 60_000 };
  const now = BEGAN + 50_000; // the clock here is ten seconds behind
  assert.equal(cause(feed, now), null);
  take(
    state,
    heartbeat(0, { silence: { kind: "venue_lost", text: "" }, last_received: at(30) }),
    BEGAN + 60_000,
  );
  const venue = cause(feed, now);
  assert.equal(venue.kind, "venue_lost");
  assert.equal(now - venue.since, 30_000);
  feed.link = { kind: "lost", since: now - 5_000, again: now + 2_000 };
  assert.equal(cause(feed, now).kind, "gateway_lost");
  feed.link.kind = "offline";
  assert.equal(cause(feed, now).kind, "offline");
  feed.link.since = now - 500; // a hiccup is nobody's concern
  assert.equal(cause(feed, now), null);
  feed.link = { kind: "closed", code: 4004, reason: "" };
  assert.equal(cause(feed, now).title, "There is no such event");
});

test("goals, own goals, points and finishes are moments of their sport", () => {
  const football = joined();
  const goal = entry(1, {
    title: "goal",
    details: { player: "Ann", how: "penalty" },
    score: { goals: { A: 1, B: 0 } },
  });
  assert.deepEqual(
    [entryText(football, goal).who, entryText(football, goal).then, entryText(football, goal).big],
    ["Ann · penalty", "1–0", true],
  );
  assert.equal(entryText(football, { ...goal, details: { how: "own goal" } }).title, "Own goal");
  const tennis = joined([], {}, { sport: "tennis" });
  const point = (score) =>
    entryText(tennis, entry(1, { title: "point", details: { how: "ace" }, score })).title;
  const zero = { A: "0", B: "0" };
  assert.equal(point({ points: { A: "15", B: "0" } }), "Ace");
  assert.equal(point({ points: zero, games: { A: 1, B: 0 } }), "Game");
  assert.equal(
    point({ points: zero, games: { A: 0, B: 0 }, sets: { A: 1, B: 0 } }),
    "Game and set",
  );
  assert.equal(
    point({ points: zero, games: zero, sets: { A: 2, B: 0 }, ended: "played" }),
    "Game, set and match",
  );
});

test("the axis of a match has no break in it, and an outage lies where it was", () => {
  const whistle = (seq, title, period, seconds) =>
    entry(seq, { title, details: { period }, seconds });
  const state = joined([
    whistle(1, "period_start", "first_half", 0),
    whistle(2, "period_end", "first_half", 2_700),
    whistle(3, "period_start", "second_half", 3_600),
  ]);
  const axis = matchAxis(state);
  assert.equal(axis.at(BEGAN), 0);
  assert.equal(axis.at(BEGAN + 1_350_000), 0.25);
  assert.equal(axis.at(BEGAN + 3_000_000), 0.5);
  assert.equal(axis.at(BEGAN + 3_600_000 + 1_350_000), 0.75);
  take(state, {
    type: "alarm",
    epoch: 1,
    seq: 4,
    sent: at(1_400),
    last_received: at(1_350),
    number: 1,
  });
  assert.deepEqual(outages(state, axis), [[0.25, 1]]);
});

test("the lead is counted point by point, and agreement as a share of those present", () => {
  const point = (seq, origin, previous = []) =>
    entry(seq, { title: "point", origin, score: { previous } });
  const state = joined(
    [point(1, "A"), point(2, "A"), point(3, "B", [[6, 4]])],
    {},
    { sport: "tennis" },
  );
  const { steps, cuts, most } = lead(state);
  assert.deepEqual(
    steps.map((step) => step.lead),
    [1, 2, 1],
  );
  assert.deepEqual([cuts, most], [[{ step: 3, text: "6–4" }], 2]);
  assert.equal(Math.round(agreement(state).median * 100), 67);
});

test("leaders share a place where they are level, and times read as runners read them", () => {
  const state = joined(
    [],
    { score: { points: { A: 3, B: 5, C: 3 } } },
    { sport: "custom", origins: ["A", "B", "C"] },
  );
  assert.deepEqual(
    leaders(state).map((row) => [row.place, row.name, row.gap]),
    [
      [1, "B", ""],
      [2, "A", "−2"],
      [2, "C", "−2"],
    ],
  );
  assert.deepEqual([9.58, 754.5, 7_395].map(timeTaken), ["9.58", "12:34.5", "2:03:15"]);
  assert.deepEqual(["Argentina", "St Mary's"].map(monogram), ["ARG", "SM"]);
});

test("volleyball is shown by what it says of itself: points, sets, and the form for its score", () => {
  const card = { sport: "volleyball" };
  const zero = { A: 0, B: 0 };
  const state = joined([], {}, card);
  const point = (score, details = { how: "block", player: "Ann" }) => {
    const told = entryText(state, entry(1, { title: "point", details, score }));
    return [told.title, told.who, told.then, told.big];
  };
  assert.deepEqual(point({ points: { A: 3, B: 2 } }), ["Block", "Ann", "3–2", false]);
  assert.deepEqual(point({ points: { A: 1, B: 0 } }, {}), ["Point", "", "1–0", false]);
  const set = { points: zero, sets: { A: 1, B: 0 }, previous: [[25, 20]], ended: "" };
  assert.deepEqual(point(set), ["Set", "Ann · block", "1–0", true]);
  const match = { points: zero, sets: { A: 3, B: 0 }, ended: "played" };
  assert.equal(point(match)[0], "Set and match");
  const score = { previous: [[25, 20]], points: { A: 12, B: 8 } };
  const now = { ...state, score };
  assert.deepEqual(scoreForm(now), {
    fields: null,
    text: "25-20 12-8",
    hint: "Points of each set, A first: 25-20 12-8",
  });
  assert.equal(scoreForm({ ...state, score: { ...score, points: zero } }).text, "25-20");
});

test("a card in a shoot-out stands where the kicks stand, in the language of the page", () => {
  const state = joined();
  const stages = [
    { name: "second_half", runs: true, tick: "" },
    { name: "shootout", runs: false, tick: "pên." },
  ];
  state.presentation = { ...state.presentation, clock: { kind: "stages", key: "period", stages } };
  const card = (period, clock) =>
    entryText(state, entry(1, { title: "yellow_card", clock, score: { period } })).clock;
  assert.equal(card("shootout", "pens"), "pên.");
  assert.equal(card("shootout", ""), "");
  assert.equal(card("second_half", "90+2'"), "90+2'");
});

test("a score below nothing has a minus that is no dash", () => {
  const state = joined();
  const [home, away] = state.event.origins;
  const said = (one, other, dash) => pair(state, { goals: { [home]: one, [away]: other } }, "goals", dash);
  assert.equal(said(8, 1), "8–1");
  assert.equal(said(8, -1), "8 – −1");
  assert.equal(said(8, -1, "-"), "8--1");
  assert.deepEqual([-3, 12].map(figure), ["−3", "12"]);
});
