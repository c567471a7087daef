// What the gateway refuses, in the reader's language.

import assert from "node:assert/strict";
import { test } from "node:test";

import { refusalText } from "../../../../../gateway/static/js/refusals.js";

test("in English the gateway's own sentence stands alone", () => {
  assert.equal(refusalText("NOT_FOUND", "no event e", "en"), "no event e");
  assert.equal(refusalText("NOT_FOUND", "", "en"), "There is no such thing, or no longer.");
});

test("in another language it stands behind what is known of the code", () => {
  const said = refusalText("NOT_FOUND", "no event e", "de");
  assert.equal(said, "There is no such thing, or no longer. (no event e)");
});

test("of a code that is not known the gateway's sentence says what there is", () => {
  assert.equal(refusalText("BRAND_NEW", "it is odd", "de"), "it is odd");
  assert.equal(refusalText("", "", "de"), "The gateway refused it.");
});
