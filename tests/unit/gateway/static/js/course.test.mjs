import assert from "node:assert/strict";
import { test } from "node:test";

import { open } from "../../../../../gateway/static/js/claims.js";
import { clock } from "../../../../../gateway/static/js/clock.js";
import { interrupted, notes } from "../../../../../gateway/static/js/course.js";
import { endedWord, endingText, reportsCount } from "../../../../../gateway/static/js/ending.js";
import { entryText, unconfirmed } from "../../../../../gateway/static/js/entry_text.js";
import { marks, scoreQuestion, timeOfDay } from "../../../../../gateway/static/js/formatting.js";
import { REMARKS, takeEarlier } from "../../../../../gateway/static/js/kinds.js";
import { leaders } from "../../../../../gateway/static/js/score_header.js";
import { rows } from "../../../../../gateway/static/js/timeline.js";
import { start, take } from "../../../../../gateway/static/js/state.js";
import { at, BEGAN, CARD, entry, setup, snapshot } from "./feeds.mjs";

function joined(entries = [], about = {}, card = {}) {
  const state = start();
  take(state, setup({ event: { ...CARD, ...card } }));
  take(state, snapshot(entries, about));
  return state;
}

const finished = (seq, about = {}) => ({
  type: "finished",
  epoch: 1,
  seq,
  sent: at(6_000),
  how: "",
  winner: "",
  reason: "",
  over: true,
  until: at(6_900),
  ...about,
});

const words = (state, seconds = 0) => notes(state, BEGAN + seconds * 1_000);

const remarks = (state) => state.remarks.map((one) => REMARKS[one.kind].row(one));

test("an end stands where it was, between what happened before and after it", () => {
  const state = joined([entry(1, { seconds: 60 })]);
  take(state, finished(2, { how: "abandoned" }));
  take(state, entry(3, { seconds: 6_010 }));
  const keys = rows(state, { most: 9, key: false }).rows.map((row) => row.key);
  assert.deepEqual(keys, ["e3", "f2", "e1"]);
});

test("each kind of ending is named, with who won and why", () => {
  for (const how of ["abandoned", "postponed", "awarded", "walkover", "retired"]) {
    const state = joined([entry(1)]);
    take(state, finished(2, { how, winner: "A", reason: "no light" }));
    assert.equal(endedWord(state.ending).toLowerCase(), how);
    assert.equal(endingText(state.ending), `${endedWord(state.ending)}, A wins (no light)`);
    assert.deepEqual(words(state, 6_900), [{ pill: endedWord(state.ending), text: "A wins. No light." }]);
    assert.deepEqual(
      remarks(state).map((row) => row.title),
      [endingText(state.ending)],
    );
  }
  const played = joined([entry(1)]);
  take(played, finished(2, { until: null }));
  assert.deepEqual([endingText(played.ending), words(played), remarks(played)], ["Final", [], []]);
});

test("after the end reports count for a while, and claims are open", () => {
  const claim = { title: "goal", origin: "A", time: at(0), for: 1, against: 0, needed: 2 };
  const state = joined([], { pending: [claim], claims: 1 });
  take(state, finished(1));
  for (const [seconds, wanted] of [
    [6_899, true],
    [6_900, false],
  ]) {
    const wall = BEGAN + seconds * 1_000;
    assert.equal(reportsCount(state, wall), wanted);
    assert.equal(open(state, wall).shown.length, wanted ? 1 : 0);
    const text = `Corrections still count until ${timeOfDay(at(6_900))}.`;
    assert.deepEqual(words(state, seconds), wanted ? [{ pill: "", text }] : []);
  }
});

test("an end that was none is told, and the event is live", () => {
  const state = joined();
  take(state, finished(1));
  take(state, finished(2, { over: false, reason: "reporters say that it goes on", until: null }));
  assert.deepEqual([state.finished, state.ending, state.mode], [false, null, "live"]);
  assert.deepEqual(
    remarks(state).map((row) => [row.title, row.text]),
    [["The event is not over", "Reporters say that it goes on."]],
  );
});

test("a page that comes afterwards is told the same", () => {
  const ending = { how: "retired", winner: "A", reason: "", until: null };
  const interruptions = [finished(3, { how: "retired", winner: "A" })];
  const about = { finished: true, state: "finished", ending, interruptions, upheld: ["1"] };
  const state = joined([entry(1), entry(2)], about);
  assert.deepEqual(words(state), [{ pill: "Retired", text: "A wins." }]);
  assert.equal(remarks(state)[0].title, "Retired, A wins");
  assert.deepEqual(
    state.entries.map((line) => line.reviewed),
    ["upheld", ""],
  );
});

test("an entry says itself what its review came to", () => {
  const reviewed = (seq, outcome) => ({ ...entry(seq), reviewed: outcome });
  const state = joined([reviewed(1, "upheld"), entry(2)]);
  takeEarlier(state, [reviewed(9, "overturned")], 0);
  take(state, reviewed(3, "upheld"));
  const came = new Map(state.entries.map((line) => [line.entry.seq, line.reviewed]));
  assert.deepEqual([1, 2, 9, 3].map((seq) => came.get(seq)), ["upheld", "", "overturned", "upheld"]);
});

const said = (seq, details, seconds) =>
  entry(seq, { title: "state", origin: "", details, seconds, text: "as the host says it" });

test("the time played stands while play is interrupted, over a night too", () => {
  const point = (seq, seconds) => entry(seq, { title: "point", details: {}, seconds });
  const kinds = [{ title: "point", in_play: true }];
  const state = start();
  take(state, setup({ kinds, event: { ...CARD, sport: "tennis", starts: at(0) } }));
  take(state, snapshot([point(1, 0)], { score: { previous: [] } }));
  take(state, said(2, { play: "interrupted" }, 3_600));
  const shown = (seconds) => clock(state, BEGAN + seconds * 1_000);
  assert.deepEqual([shown(50_000).clock, shown(50_000).running], ["01:00:00", false]);
  take(state, point(3, 60_000));
  assert.deepEqual([shown(61_800).clock, shown(61_800).running], ["01:30:00", true]);
});

test("play is interrupted until it goes on, and the clock stands", () => {
  const begins = entry(1, { title: "period_start", origin: "", details: { period: "first_half" }, seconds: 0 });
  const state = joined([begins], {}, { starts: at(0) });
  take(state, said(2, { play: "interrupted", reason: "storm" }, 600));
  assert.equal(interrupted(state).entry_id, "2");
  assert.deepEqual(words(state), [{ pill: "Play interrupted", text: "Storm" }]);
  const shown = entryText(state, state.entries[1].entry);
  assert.deepEqual([shown.title, shown.icon, shown.key], ["as the host says it", "stopped", true]);
  const stands = clock(state, BEGAN + 900_000);
  assert.deepEqual([stands.clock, stands.running], ["11'", false]);
  take(state, said(3, { play: "resumed" }, 1_200));
  assert.equal(interrupted(state), null);
  assert.deepEqual(clock(state, BEGAN + 1_260_000).clock, "12'");
  take(state, said(4, { minute: 30 }, 1_260));
  assert.equal(clock(state, BEGAN + 1_260_000).clock, "30'");
  take(state, said(5, { play: "interrupted" }, 1_300));
  assert.deepEqual(words(state), [{ pill: "Play interrupted", text: "" }]);
  take(state, finished(6, { until: null }));
  assert.equal(interrupted(state), null);
});

test("an action of play ends an interruption that nobody ended", () => {
  const begins = entry(1, { title: "period_start", origin: "", details: { period: "first_half" }, seconds: 0 });
  const kinds = [{ title: "goal", in_play: true }, { title: "corner", in_play: true }, { title: "foul" }];
  const state = { ...joined([begins], {}, { starts: at(0) }), kinds };
  take(state, said(2, { play: "interrupted" }, 600));
  take(state, entry(3, { title: "corner", seconds: 659 }));
  take(state, entry(4, { title: "foul", seconds: 1_000 }));
  assert.equal(interrupted(state).entry_id, "2");
  assert.equal(clock(state, BEGAN + 1_100_000).clock, "11'");
  take(state, entry(5, { title: "goal", seconds: 1_200 }));
  assert.equal(interrupted(state), null);
  assert.equal(clock(state, BEGAN + 1_260_000).clock, "12'");
});

test("a review is told while it lasts, and what it came to", () => {
  const goal = { title: "goal", entry_id: "1", seconds: 60 };
  const kinds = (line) => marks(line.entry, line.late, NaN, line.reviewed).map((mark) => mark.word);
  const state = joined([entry(1, goal)]);
  take(state, entry(2, { ...goal, status: "UPDATED", review: "offside" }));
  const line = () => state.byId.get("1");
  assert.deepEqual(words(state), [{ pill: "Under review", text: "Goal · A: offside" }]);
  assert.deepEqual(kinds(line()), ["under review: offside"]);
  take(state, entry(3, { ...goal, status: "UPDATED" }));
  assert.deepEqual([words(state), kinds(line())], [[], ["stands after review"]]);
  take(state, entry(4, { ...goal, status: "UPDATED", review: "under review" }));
  assert.deepEqual(kinds(line()), ["under review"]);
  take(state, entry(5, { title: "goal_disallowed", relates_to: "1", seconds: 90 }));
  take(state, entry(6, { ...goal, status: "UPDATED" }));
  assert.deepEqual(kinds(line()), ["overturned after review"]);
  const other = joined([entry(1, { ...goal, review: "hand" })]);
  take(other, entry(2, { ...goal, status: "DELETED" }));
  assert.deepEqual(kinds(other.byId.get("1")), ["taken back", "overturned after review"]);
  take(other, entry(3, { ...goal, status: "DELETED" }));
  assert.deepEqual(kinds(other.byId.get("1")), ["taken back"]);
  const first = joined([entry(1, { ...goal, status: "PROVISIONAL", review: "hand" })]);
  assert.deepEqual(kinds(first.byId.get("1")), ["unconfirmed", "under review: hand"]);
});

test("a place in a race that rests on what is not confirmed says so", () => {
  const card = { sport: "race", origins: ["Ada", "Bo", "Cy"], lineups: {} };
  const board = [
    { place: 1, runner: "Ada", time: 60, status: "finished" },
    { place: 2, runner: "Bo", time: 61, status: "finished" },
    { place: null, runner: "Cy", time: null, status: "running" },
  ];
  const score = { leaderboard: board, runners: 3, finished: 2, running: 1 };
  const state = start();
  take(state, setup({ event: { ...CARD, ...card } }));
  const finish = (seq, origin, about) => entry(seq, { title: "finish", origin, score, ...about });
  take(
    state,
    snapshot(
      [
        finish(1, "Ada", { status: "CONFIRMED" }),
        finish(2, "Bo", { status: "PROVISIONAL" }),
        finish(3, "Cy", { title: "split", details: { at: "5 km" }, status: "PROVISIONAL" }),
      ],
      { score },
    ),
  );
  assert.deepEqual(
    leaders(state).map((row) => row.unsure),
    [false, true, false],
  );
  assert.equal(unconfirmed(state).words, "Finish · Bo");
});

test("the question for the score says why it is asked", () => {
  const about = { since: at(0), until: at(60) };
  assert.match(scoreQuestion({ ...about, why: "" }), /^Contact was lost from .* What stands/);
  const found = ["period", "end", "over", "request"].map((why) => scoreQuestion({ ...about, why }));
  assert.equal(new Set(found).size, 4);
  for (const one of found) assert.doesNotMatch(one, /[Cc]ontact/);
  assert.equal(scoreQuestion({ ...about, why: "later than this" }), "What stands on the board now?");
});
