import assert from "node:assert/strict";
import { test } from "node:test";

import { WithheldFeed } from "../../../../../gateway/static/js/withheld.js";
import { at, BEGAN, entry, heartbeat, setup, snapshot } from "./feeds.mjs";

const SCORED = { goals: { A: 1, B: 0 }, period: "first_half" };

function goal(seq, about = {}) {
  return entry(seq, { title: "goal", status: "PROVISIONAL", score: SCORED, seconds: 60, ...about });
}

function joined(entries = [], about = {}) {
  const feed = new WithheldFeed();
  feed.put(setup(), BEGAN);
  feed.put(snapshot(entries, about), BEGAN);
  return feed;
}

const shown = ({ state }) => state.entries.map((line) => line.entry.entry_id);

const NOW = BEGAN + 61_000;

const own = (about = {}) => ({
  undone: false,
  report: { event: { title: "goal", origin: "A", time: at(60), details: {} } },
  ...about,
});

test("what is provisional waits, its score too, and what comes after it", () => {
  const feed = joined();
  feed.put(goal(1), NOW);
  feed.put(entry(2, { score: SCORED }), NOW + 2_000);
  feed.put(heartbeat(2, { present: 9 }), NOW + 5_999);
  assert.deepEqual([shown(feed), feed.state.score.goals.A, feed.state.present], [[], 0, 9]);
  feed.know([], [], 0, NOW + 6_000);
  assert.deepEqual([shown(feed), feed.state.score.goals.A], [["1", "2"], 1]);
  feed.put(goal(3, { entry_id: "1", text: "by Ann" }), NOW + 7_000);
  assert.equal(feed.state.byId.get("1").entry.text, "by Ann", "a further version is not withheld");
});

test("what is decided is seen at once", () => {
  for (const status of ["CONFIRMED", "DELETED"]) {
    const feed = joined();
    feed.put(goal(1), NOW);
    feed.put(goal(2, { entry_id: "1", status }), NOW + 1);
    assert.equal(feed.state.byId.get("1").entry.status, status);
  }
});

test("what one has said, or is asked about, is seen", () => {
  const seen = [
    [[own()], [], true],
    [[own({ undone: true })], [], false],
    [[own({ entry_id: "9" })], [], false],
    [[own({ report: { event: { title: "goal", origin: "B", time: at(60) } } })], [], false],
    [[own({ report: { event: { title: "goal", origin: "A", time: at(91) } } })], [], false],
    [[own({ report: { event: { title: "corner", origin: "A", time: at(0) } }, entry_id: "1" })], [], true],
    [[own({ report: { event: { title: "answer", details: { claim: 1, yes: false } } } })], [], true],
    [[], [1], true],
    [[], [2], false],
  ];
  for (const [reports, asked, wanted] of seen) {
    const feed = joined();
    feed.put(goal(1), NOW);
    feed.know(reports, asked, 0, NOW + 1);
    assert.equal(shown(feed).length === 1, wanted, JSON.stringify([reports, asked]));
  }
});

test("a page that comes in the middle of it sees what was there before", () => {
  const before = entry(1, { score: { goals: { A: 0, B: 0 } } });
  const feed = new WithheldFeed();
  feed.put(setup(), NOW);
  const fresh = goal(2, { seconds: 61, sent: at(61) });
  feed.put(snapshot([before, fresh, entry(3, { score: SCORED })], { score: SCORED }), NOW);
  assert.deepEqual([shown(feed), feed.state.score.goals.A], [["1"], 0]);
  feed.put(entry(4, { score: SCORED }), NOW + 1_000);
  feed.know([], [], 0, NOW + 6_000);
  assert.deepEqual([shown(feed), feed.state.score.goals.A], [["1", "2", "3", "4"], 1]);
  const old = joined([goal(1, { sent: at(0) })], { score: SCORED });
  old.know([], [], 0, BEGAN + 6_000);
  assert.equal(old.state.score.goals.A, 1);
});
