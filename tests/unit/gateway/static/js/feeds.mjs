// Messages for the tests, as the gateway sends them.

// Written by test_modules.py: how each sport is shown, as it says itself.
import { PRESENTATIONS } from "./presentations.mjs";

export { PRESENTATIONS };

export const CARD = {
  event: "a-v-b",
  title: "A v B",
  sport: "football",
  origins: ["A", "B"],
  status: "live",
  starts: null,
  lineups: { A: ["Ann Ash", "Bea Bay", "Cy Coe"], B: ["Dee Dow", "Eve Elm"] },
  rules: { players: 2 },
  timing: null,
};

export const BEGAN = Date.parse("2026-06-01T15:00:00.000Z");

export function at(seconds) {
  return new Date(BEGAN + seconds * 1000).toISOString();
}

export function setup(about = {}) {
  return {
    type: "setup",
    origins: CARD.origins,
    kinds: [],
    event: CARD,
    epoch: 1,
    seq: 0,
    digest: "",
    heartbeat: 3,
    time: at(0),
    recovered: false,
    ready: true,
    presentation: PRESENTATIONS[about.event?.sport ?? CARD.sport],
    ...about,
  };
}

export function snapshot(entries = [], about = {}) {
  return {
    type: "snapshot",
    event: CARD.event,
    epoch: 1,
    seq: entries.length,
    digest: "d0",
    score: { goals: { A: 0, B: 0 }, period: "" },
    headline: "A 0–0 B",
    lineups: CARD.lineups,
    entries,
    earlier: 0,
    interruptions: [],
    finished: false,
    ready: true,
    state: "live",
    silence: { kind: "quiet", text: "" },
    last_received: null,
    present: 3,
    claims: 0,
    disputed: 0,
    ...about,
  };
}

export function entry(seq, about = {}) {
  const seconds = about.seconds ?? seq * 60;
  return {
    type: "entry",
    event: CARD.event,
    epoch: 1,
    seq,
    entry_id: String(seq),
    status: "CONFIRMED",
    title: "corner",
    origin: "A",
    time: at(seconds),
    accepted: at(seconds + 1),
    sent: at(seconds + 1),
    evidence: { for: 2, against: 0, present: 3, latency_ms: 800 },
    delay_status: "",
    reason: "",
    text: "",
    clock: `${Math.floor(seconds / 60) + 1}'`,
    details: {},
    relates_to: "",
    score: { goals: { A: 0, B: 0 }, period: "first_half" },
    headline: "A 0–0 B",
    ...about,
  };
}

export function heartbeat(seq, about = {}) {
  return {
    type: "heartbeat",
    event: CARD.event,
    epoch: 1,
    seq,
    digest: `d${seq}`,
    interval: 3,
    time: at(0),
    state: "live",
    silence: { kind: "quiet", text: "" },
    last_received: null,
    present: 3,
    claims: 0,
    disputed: 0,
    ...about,
  };
}
