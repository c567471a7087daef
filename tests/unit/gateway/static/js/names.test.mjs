import assert from "node:assert/strict";
import { test } from "node:test";

import { contradiction } from "../../../../../gateway/static/js/contradictions.js";
import { canonical, find, fitting, has, mayBeSame, only, read } from "../../../../../gateway/static/js/names.js";
import { PRESENTATIONS } from "./presentations.mjs";
import { READINGS } from "./readings.mjs";

test("names are read as the host reads them", () => {
  const { listed, said } = READINGS;
  assert.ok(said.length > 40);
  for (const one of said) {
    const { canonical: plain, words, number, spellings, exact, capitals } = one;
    const reading = { canonical: plain, words, number, spellings, exact, capitals: new Set(capitals) };
    assert.equal(canonical(one.name), one.canonical);
    assert.deepEqual(read(one.name), reading, one.name);
    assert.deepEqual(find(listed, one.name), one.found, one.name);
    assert.deepEqual(fitting(listed, one.name), one.fitting, one.name);
    assert.equal(only(listed, one.name), one.only, one.name);
    assert.equal(has(listed, one.name), one.has, one.name);
    const same = said.map((other) => other.name).filter((other) => mayBeSame(one.name, other));
    assert.deepEqual(same, one.same, one.name);
  }
});

const LINE_UPS = { A: ["7 Al Able", "9 Bo Baker"], B: ["7 Di Dean", "9 Ed Egan"] };
const GOAL = { title: "goal", details: [{ name: "player" }, { name: "how" }, { name: "assist" }] };
const CARD = { title: "yellow_card", details: [{ name: "player" }] };

function state(sport, lineups = LINE_UPS) {
  return { event: { origins: ["A", "B"], lineups }, presentation: PRESENTATIONS[sport] };
}

function asked(kind, details, { origin = "A", sport = "football", lineups = LINE_UPS } = {}) {
  return contradiction(state(sport, lineups), kind, { origin, details });
}

test("a goal by somebody of the other side is asked about", () => {
  assert.deepEqual(asked(GOAL, { player: "Egan", how: "penalty" }), {
    title: "Which side gains?",
    words: "9 Ed Egan is in the line-up of B.",
    answers: [
      { text: "A (own goal)", origin: "A", details: { player: "Egan", how: "own goal" } },
      { text: "B", origin: "B", details: { player: "Egan", how: "penalty" } },
    ],
  });
  assert.deepEqual(asked(GOAL, { player: "Able", how: "own goal" }).answers, [
    { text: "A", origin: "A", details: { player: "Able" } },
    { text: "B (own goal)", origin: "B", details: { player: "Able", how: "own goal" } },
  ]);
  assert.equal(asked(GOAL, { player: "Able" }, { origin: "B" }).words, "7 Al Able is in the line-up of A.");
});

test("another action is of the other side, or has no name", () => {
  assert.deepEqual(asked(CARD, { player: "Egan" }), {
    title: "Which side is it?",
    words: "9 Ed Egan is in the line-up of B.",
    answers: [
      { text: "B", origin: "B", details: { player: "Egan" } },
      { text: "A, without the name", origin: "A", details: {} },
    ],
  });
  const both = asked({ title: "goal", details: [] }, { player: "Able", assist: "Egan" });
  assert.deepEqual(both.answers, [
    { text: "A, without the name", origin: "A", details: { player: "Able" } },
  ]);
  assert.ok(asked(CARD, { player: "Egan" }, { sport: "volleyball" }));
  assert.ok(asked({ title: "penalty_saved", details: [] }, { keeper: "Able" }));
});

test("somebody who is named twice is asked about", () => {
  const kind = { title: "goal", details: [{ name: "player", text: "who scored" }, { name: "assist", text: "who passed" }] };
  assert.deepEqual(asked(kind, { player: "Able", assist: "7" }), {
    title: "Which is it?",
    words: "7 Al Able is named twice.",
    answers: [
      { text: "who scored: 7 Al Able", origin: "A", details: { player: "Able" } },
      { text: "who passed: 7 Al Able", origin: "A", details: { assist: "7" } },
    ],
  });
  assert.equal(asked(kind, { player: "Able", assist: "Baker" }), null);
  assert.equal(asked(kind, { player: "Able", assist: "Someone" }), null);
  assert.ok(asked({ title: "substitution", details: [] }, { off: "Able", on: "Able" }));
});

test("what contradicts nothing is not asked about", () => {
  assert.equal(asked(GOAL, { player: "Able" }), null);
  assert.equal(asked(GOAL, { player: "Egan", how: "own goal" }), null);
  assert.equal(asked(GOAL, { player: "Cole" }), null);
  assert.equal(asked(GOAL, { player: "7" }), null);
  assert.equal(asked(GOAL, {}), null);
  assert.equal(asked(GOAL, { player: "Egan" }, { origin: "" }), null);
  assert.equal(asked(GOAL, { player: "Egan" }, { lineups: {} }), null);
  assert.equal(asked(GOAL, { player: "Egan" }, { sport: "custom" }), null);
  const one = { lineups: { B: LINE_UPS.B } };
  assert.equal(asked(GOAL, { player: "Egan" }, one), null);
  assert.ok(asked(GOAL, { player: "Egan, Ed" }, one));
  const parts = { A: ["Molina"], B: ["Nahuel Molina"] };
  assert.equal(asked(GOAL, { player: "Nahuel Molina" }, { lineups: parts }), null);
  assert.equal(asked({ title: "point", details: [] }, { player: "Egan" }, { sport: "volleyball" }), null);
});
