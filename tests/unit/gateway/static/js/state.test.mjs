import assert from "node:assert/strict";
import { test } from "node:test";

import { open } from "../../../../../gateway/static/js/claims.js";
import { clock } from "../../../../../gateway/static/js/clock.js";
import { REMARKS } from "../../../../../gateway/static/js/kinds.js";
import { position, standing, start, take } from "../../../../../gateway/static/js/state.js";
import { at, BEGAN, CARD, entry, heartbeat, setup, snapshot } from "./feeds.mjs";

function joined(entries = [], about = {}) {
  const state = start();
  take(state, setup());
  take(state, snapshot(entries, about));
  return state;
}

test("entries stand in match order, whatever the order in which they come", () => {
  const state = joined();
  for (const [seq, seconds] of [
    [1, 300],
    [2, 100],
    [3, 200],
  ])
    take(state, entry(seq, { seconds }));
  assert.deepEqual(
    standing(state).map((line) => line.entry.seq),
    [2, 3, 1],
  );
  assert.deepEqual(
    standing(state).map((line) => line.late),
    [true, true, false],
  );
});

test("a message whose seq leaves one out is a hole, and is not taken", () => {
  const state = joined([entry(1)]);
  assert.equal(take(state, entry(3)), "hole");
  assert.equal(state.seq, 1);
  assert.equal(state.entries.length, 1);
  assert.equal(take(state, entry(2)), "taken");
});

test("a heartbeat with a higher seq proves that the newest message is missing", () => {
  const state = joined([entry(1)]);
  assert.equal(take(state, heartbeat(1)), "taken");
  assert.equal(take(state, heartbeat(2)), "hole");
});

test("an open claim keeps its number and since when it is known, however often it is told", () => {
  const claim = (seconds, about) => ({
    title: "goal",
    origin: "A",
    time: at(seconds),
    for: 1,
    against: 0,
    needed: 3,
    ...about,
  });
  const state = joined([], { pending: [claim(10), claim(0, { title: "foul" })], claims: 3 });
  assert.deepEqual(
    state.pending.map((one) => [one.title, one.key]),
    [
      ["goal", 2],
      ["foul", 1],
    ],
  );
  // Its time is the mean of what was reported, and moves with each voice.
  take(state, heartbeat(0, { pending: [claim(95), claim(12, { for: 2 })], claims: 3 }), 500);
  assert.deepEqual(
    state.pending.map((one) => [one.key, one.for, one.since]),
    [
      [3, 1, 500],
      [2, 2, 0],
    ],
  );
  const { shown, more } = open(state);
  assert.deepEqual([shown.length, more], [2, 1]); // a correction
  take(state, { type: "status", pending: [claim(0, { for: 0 })], claims: 1 }); // all taken back
  assert.deepEqual(open(state), { shown: [], more: 0 });
  const many = [50, 40, 30, 20, 10, 0].map((seconds) => claim(seconds));
  take(state, { type: "status", pending: many, claims: 7 });
  assert.deepEqual([open(state).shown.length, open(state).more], [4, 3]);
  assert.equal(new Set(state.pending.map((one) => one.key)).size, 6);
});

test("a status that says nothing of claims leaves them; in the end none is open", () => {
  const claim = { title: "goal", origin: "A", time: at(0), for: 1, against: 0, needed: 2 };
  const state = joined([], { pending: [claim], claims: 1 });
  take(state, { type: "status", present: 4 });
  assert.equal(open(state).shown.length, 1);
  take(state, { type: "finished", epoch: 1, seq: 1, sent: at(1) });
  assert.deepEqual(open(state), { shown: [], more: 0 });
});

test("what is known already changes nothing", () => {
  const state = joined([entry(1)]);
  const before = state.version;
  assert.equal(take(state, entry(1, { title: "goal" })), "known");
  assert.equal(state.version, before);
  assert.equal(state.counts.duplicate, 1);
});

test("a new version of an entry replaces it, and a deleted one no longer stands", () => {
  const state = joined([entry(1), entry(2)]);
  take(
    state,
    entry(3, { entry_id: "1", seconds: 60, status: "UPDATED", details: { player: "Ann" } }),
  );
  take(state, entry(4, { entry_id: "2", seconds: 120, status: "DELETED" }));
  assert.equal(state.entries.length, 2);
  assert.deepEqual(
    standing(state).map((line) => line.entry.details.player),
    ["Ann"],
  );
});

test("an entry whose time is amended moves to it, and those of one time stand by number", () => {
  const state = joined();
  for (const [id, seconds] of [
    ["1", 10],
    ["2", 20],
    ["3", 30],
    ["10", 50],
    ["9", 50],
  ])
    take(state, entry(state.seq + 1, { entry_id: id, seconds }));
  const ids = () => state.entries.map((line) => line.entry.entry_id);
  assert.deepEqual(ids(), ["1", "2", "3", "9", "10"]);
  take(state, entry(6, { entry_id: "10", seconds: 50, status: "UPDATED" }));
  assert.deepEqual(ids(), ["1", "2", "3", "9", "10"]);
  take(state, entry(7, { entry_id: "9", seconds: 5, status: "UPDATED" }));
  assert.deepEqual(ids(), ["9", "1", "2", "3", "10"]);
  assert.equal(state.byId.size, 5);
});

test("entries come to the same order from a feed and from a snapshot", () => {
  const times = [5, 3, 9, 3, 7, 1, 9, 2, 8, 3, 6, 4];
  const entries = times.map((seconds, place) => entry(place + 1, { seconds }));
  const live = joined();
  for (const one of entries) take(live, one);
  const ids = (state) => state.entries.map((line) => line.entry.entry_id);
  assert.deepEqual(ids(live), ids(joined(entries)));
});

test("a type that is not known here, or that every object has, changes nothing", () => {
  const state = joined([entry(1)]);
  for (const type of ["fate", "constructor", undefined])
    assert.equal(take(state, { type, seq: 2 }), "ignored");
  assert.equal(state.seq, 1);
});

test("outages in a snapshot are those that the feed told", () => {
  const alarm = { type: "alarm", epoch: 1, seq: 1, sent: at(30), last_received: at(20), number: 1 };
  const end = { type: "restored", epoch: 1, seq: 3, sent: at(60), since: at(20), until: at(50) };
  const live = joined();
  for (const one of [alarm, { ...alarm, seq: 2, number: 2 }, end]) take(live, one);
  const told = joined([], { interruptions: [alarm, { ...alarm, seq: 2, number: 2 }, end] });
  assert.deepEqual(told.remarks, live.remarks);
  const [outage] = live.remarks;
  assert.deepEqual(REMARKS[outage.kind].at(live, outage), Date.parse(at(50)));
  assert.match(REMARKS[outage.kind].row(outage).title, /^No contact with the venue from /);
});

test("one resumes from the last position, with a digest only where it is of that position", () => {
  const state = joined([entry(1)]);
  assert.deepEqual(position(state), { from: "1", epoch: "1", digest: "d0" });
  take(state, entry(2));
  assert.deepEqual(position(state), { from: "2", epoch: "1" });
  take(state, heartbeat(2));
  assert.deepEqual(position(state), { from: "2", epoch: "1", digest: "d2" });
  assert.deepEqual(position(start()), { from: "end" });
});

test("what was missed is counted, and counted as caught up when it has come", () => {
  const state = joined([entry(1)]);
  take(state, setup({ recovered: true, seq: 3 }));
  assert.deepEqual([state.counts.lost, state.counts.repaired], [2, 0]);
  take(state, entry(2));
  take(state, entry(3));
  assert.deepEqual([state.counts.lost, state.counts.repaired], [2, 2]);
  take(state, snapshot([entry(1), entry(2), entry(3), entry(4), entry(5)]));
  assert.deepEqual([state.counts.lost, state.counts.repaired], [4, 4]);
});

test("a message that the gateway could not read takes its seq and nothing else", () => {
  const state = joined([entry(1)]);
  assert.equal(take(state, { type: "unknown", event: "a-v-b", seq: 2 }), "taken");
  assert.equal(state.seq, 2);
  assert.equal(take(state, entry(3)), "taken");
});

test("an outage is one remark however often the alarm is repeated, until contact is back", () => {
  const state = joined([entry(1)]);
  const alarm = (seq, number) => ({
    type: "alarm",
    epoch: 1,
    seq,
    sent: at(100),
    last_received: at(80),
    number,
  });
  take(state, alarm(2, 1));
  take(state, alarm(3, 2));
  assert.equal(state.mode, "suspended");
  assert.equal(state.lastReceived, at(80));
  take(state, {
    type: "restored",
    epoch: 1,
    seq: 4,
    sent: at(200),
    since: at(80),
    until: at(190),
    entries: 2,
  });
  assert.equal(state.remarks.length, 1);
  assert.equal(state.remarks[0].alarm.number, 2);
  assert.equal(state.remarks[0].restored.entries, 2);
  assert.equal(state.mode, "live");
});

test("another host takes over with a higher epoch, and seq goes on", () => {
  const state = joined([entry(1)]);
  assert.equal(take(state, entry(2, { epoch: 2 })), "taken");
  assert.equal(state.epoch, 2);
  assert.deepEqual(position(state), { from: "2", epoch: "2" });
});

test("the latency of what comes live is measured on the gateway's clock, that of a replay is not", () => {
  const state = joined([entry(1)]);
  take(state, entry(2), Date.parse(entry(2).sent) + 40);
  assert.deepEqual(state.latencies, [40]);
  take(state, setup({ recovered: true, seq: 3 }));
  take(state, entry(3), Date.parse(entry(3).sent) + 9_000);
  assert.deepEqual(state.latencies, [40]);
});

test("the match clock runs between entries as the sport's own does", () => {
  const whistle = (seq, title, period, seconds) =>
    entry(seq, { title, origin: "", details: { period }, seconds });
  const state = joined([whistle(1, "period_start", "first_half", 0)]);
  const shown = (seconds) => clock(state, BEGAN + seconds * 1000);
  assert.equal(shown(0).clock, "1'");
  assert.equal(shown(44 * 60 + 59).clock, "45'");
  assert.equal(shown(46 * 60).clock, "45+2'");
  take(state, whistle(2, "period_end", "first_half", 2_800));
  assert.deepEqual(shown(3_000), { clock: "", part: "Half-time", running: false });
  take(state, whistle(3, "period_start", "second_half", 3_600));
  assert.equal(shown(3_600 + 60).clock, "47'");
});

test("a replayed event's clock runs at its own speed", () => {
  const timing = { starts: at(0), began: at(1_000), speed: 10 };
  const state = start();
  take(state, setup({ event: { ...CARD, sport: "tennis", timing } }));
  take(state, snapshot([entry(1, { title: "point", seconds: 0 })], { score: { previous: [] } }));
  assert.equal(clock(state, BEGAN + 1_006_000).clock, "00:01:00");
});

test("the clock of a race counts from the start that was no false one", () => {
  const state = start();
  take(state, setup({ event: { ...CARD, sport: "race" } }));
  const begins = (seq, seconds, at) =>
    entry(seq, { title: "start", origin: "", seconds, clock: at });
  take(state, snapshot([begins(1, 0, "0:00:00"), begins(2, 180, "0:00:00")]));
  assert.equal(clock(state, BEGAN + 238_000).clock, "0:00:58");
  take(state, begins(3, 200, "0:00:20")); // of a runner who starts later
  assert.equal(clock(state, BEGAN + 238_000).clock, "0:00:58");
});

test("votes that come later are counted in the version that they are of", () => {
  const state = joined([entry(1, { evidence: { for: 3, against: 0, present: 5 } })]);
  const [{ entry: first }] = standing(state);
  const before = state.version;
  const one = { entry_id: first.entry_id, seq: 1, evidence: { for: 5, against: 0, present: 5 } };
  take(state, { type: "status", recounts: [{ ...one, seq: 2 }] });
  assert.equal(standing(state)[0].entry.evidence.for, 3);
  take(state, { type: "status", recounts: [one] });
  assert.equal(standing(state)[0].entry.evidence.for, 5);
  assert.equal(state.version, before + 1);
  take(state, { type: "status", recounts: [one] });
  assert.equal(state.version, before + 1);
});
