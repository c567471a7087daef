// The starters of both sides on the ground.

import assert from "node:assert/strict";
import { test } from "node:test";

import { rowsOf, shirt } from "../../../../../gateway/static/js/pitch.js";

test("the number on a shirt stands beside the name, wherever it was written", () => {
  for (const written of ["10 Lionel Messi", "10. Lionel Messi", "No. 10 Lionel Messi", "#10 Lionel Messi"])
    assert.deepEqual(shirt(written), { number: "10", name: "Lionel Messi" }, written);
  assert.deepEqual(shirt("Lionel Messi (10)"), { number: "10", name: "Lionel Messi" });
});

test("a name without a number stays as it is", () => {
  for (const name of ["Lionel Messi", "10", "Agent 7 of 9", "Player 8", ""]) assert.equal(shirt(name).name, name);
});

const player = (name, starts = true) => ({ name, starts });

test("starters stand in rows, in the order of the line-up", () => {
  const players = [..."abcdef"].map((name) => player(name));
  const rows = rowsOf({ known: true, players: [...players, player("g", false)] }, [1, 3, 2]);
  assert.deepEqual(rows.map((row) => row.map((one) => one.name).join("")), ["a", "bcd", "ef"]);
});

test("too few names, or none, stand nowhere", () => {
  assert.equal(rowsOf({ known: true, players: [player("a")] }, [1, 4]), null);
  assert.equal(rowsOf({ known: false, players: [player("a"), player("b")] }, [1, 1]), null);
  assert.equal(rowsOf({ known: true, players: [player("a")] }, undefined), null);
  assert.equal(rowsOf({ known: true, players: [player("a")] }, []), null);
});
