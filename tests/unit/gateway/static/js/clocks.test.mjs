import assert from "node:assert/strict";
import { test } from "node:test";

import { clock } from "../../../../../gateway/static/js/clock.js";
import { start, take } from "../../../../../gateway/static/js/state.js";
// Written by test_modules.py: what the sport's own clock shows.
import { CLOCKS } from "./clocks.mjs";
import { at, BEGAN, CARD, entry, setup, snapshot } from "./feeds.mjs";

const live = { ...CARD, sport: "custom", starts: at(0) };

for (const { name, presentation, kinds, played, shown } of CLOCKS) {
  test(`the clock of ${name} is the one of its sport, between entries too`, () => {
    const entries = played.map(([seconds, title, origin, details], place) =>
      entry(place + 1, { title, origin, details, seconds }),
    );
    for (const [count, seconds, wanted] of shown) {
      const state = start();
      take(state, setup({ event: live, presentation, kinds }));
      take(state, snapshot(entries.slice(0, count)));
      const found = clock(state, BEGAN + seconds * 1000);
      const words = found.part === "On" || found.part === "Break" ? "" : found.part;
      assert.equal(`${words} ${found.clock}`.trim(), wanted, `${seconds} s, ${count} entries`);
    }
  });
}
