import assert from "node:assert/strict";
import { test } from "node:test";

import { turns } from "../../../../../gateway/static/js/dom.js";

/** Let a task run that was begun before. */
const task = () => new Promise((resolve) => setTimeout(resolve));

test("steps run by turns, each in a task of its own, and once more where it was asked for again", async () => {
  const done = [];
  let again = true;
  const run = turns([
    () => {
      done.push("feed");
      if (!again) return;
      again = false;
      run();
    },
    () => done.push("charts"),
  ]);
  run();
  assert.deepEqual(done, []);
  while (done.length < 3) await task();
  await task();
  assert.deepEqual(done, ["feed", "charts", "feed"]);
});
