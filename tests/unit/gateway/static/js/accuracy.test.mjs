import assert from "node:assert/strict";
import { test } from "node:test";

import {
  accuracyFacts,
  accuracyOf,
  gradeWords,
  ownGradeOf,
} from "../../../../../gateway/static/js/accuracy.js";

const FOUND = {
  grader: "h33t-x45q-aaaa-bbbb",
  decides: { right: 3, wrong: 1, missed: 0 },
  rest: { right: 40, wrong: 0, missed: 2 },
  published: "A 3–1 B",
  official: "A 3–0 B",
  votes: 312,
  reporters: 8,
};

test("the accuracy of a timeline is told by class, with the score and who graded", () => {
  assert.deepEqual(accuracyFacts(FOUND), [
    ["What decides the score", "3 right, 1 wrong, 0 missed"],
    ["The rest", "40 right, 0 wrong, 2 missed"],
    ["Score", "A 3–0 B, not A 3–1 B"],
    ["Graded", "312 votes of 8 reporters, by h33t-x45q-aaaa-bbbb"],
  ]);
  const [, , score] = accuracyFacts({ ...FOUND, published: "A 3–0 B" });
  assert.deepEqual(score, ["Score", "A 3–0 B, as published"]);
});

test("one's own grade is a sentence", () => {
  const words = gradeWords({
    decides: { hits: 2, misses: 1, false_claims: 1, declined: 0 },
    rest: { hits: 30, misses: 9, false_claims: 0, declined: 4 },
  });
  assert.match(words, /decides the score 2 of 3 reported, 1 that did not happen/);
  assert.match(words, /the rest 30 of 39 reported, 0 that did not happen/);
});

test("without an answer, a sheet or a connection there is nothing to show", async (t) => {
  const paths = [];
  t.after(() => delete globalThis.fetch);
  globalThis.fetch = async (path) => {
    paths.push(path);
    return { ok: true, json: async () => ({ event: "a/b", accuracy: FOUND, grade: null }) };
  };
  assert.equal(await accuracyOf("a/b"), FOUND);
  assert.equal(await ownGradeOf("a/b"), null);
  assert.deepEqual(paths, ["/api/events/a%2Fb/accuracy", "/api/events/a%2Fb/grade"]);
  globalThis.fetch = async () => ({ ok: false });
  assert.equal(await ownGradeOf("e"), null);
  globalThis.fetch = async () => {
    throw new TypeError("Failed to fetch");
  };
  assert.equal(await accuracyOf("e"), null);
});
