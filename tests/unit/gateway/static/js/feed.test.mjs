import assert from "node:assert/strict";
import { test } from "node:test";

import { Feed } from "../../../../../gateway/static/js/feed.js";
import { entry, heartbeat, setup, snapshot } from "./feeds.mjs";

/** A world without a network: sockets that are kept, and time that passes when it is told to. */
function world() {
  const made = { sockets: [], now: 1_000_000, timers: new Map(), next: 1, online: true };
  class Socket {
    constructor(url) {
      Object.assign(this, { url, readyState: 0, sent: [] });
      made.sockets.push(this);
    }
    send(text) {
      this.sent.push(JSON.parse(text));
    }
    close() {
      this.readyState = 3;
    }
    say(...messages) {
      if (this.readyState === 0) {
        this.readyState = 1;
        this.onopen?.();
      }
      for (const message of messages) this.onmessage?.({ data: JSON.stringify(message) });
    }
    end(code) {
      this.readyState = 3;
      this.onclose?.({ code, reason: "" });
    }
  }
  const later = (call, after) => {
    made.timers.set(made.next, { call, at: made.now + after });
    return made.next++;
  };
  const pass = (milliseconds) => {
    const until = made.now + milliseconds;
    for (;;) {
      const due = [...made.timers]
        .filter(([, one]) => one.at <= until)
        .sort((a, b) => a[1].at - b[1].at)[0];
      if (!due) break;
      made.timers.delete(due[0]);
      made.now = due[1].at;
      due[1].call();
    }
    made.now = until;
  };
  const feed = new Feed(
    "ws://host/ws/events/a-v-b",
    {},
    {
      Socket,
      now: () => made.now,
      later,
      cancel: (timer) => made.timers.delete(timer),
      chance: () => 1,
      online: () => made.online,
    },
  );
  return { made, feed, pass, last: () => made.sockets.at(-1) };
}

function query(socket) {
  return Object.fromEntries(new URL(socket.url).searchParams);
}

test("it joins at the end, and after a break where it stood", () => {
  const { feed, pass, last } = world();
  feed.open();
  assert.deepEqual(query(last()), { from: "end", heartbeat: "3" });
  last().say(setup(), snapshot([entry(1)]), entry(2));
  last().end(1006);
  assert.equal(feed.link.kind, "lost");
  pass(400);
  assert.deepEqual(query(last()), { from: "2", epoch: "1", heartbeat: "3" });
  last().say(setup({ recovered: true, seq: 3 }), entry(3));
  assert.equal(feed.link.kind, "open");
  assert.equal(feed.state.seq, 3);
});

test("a hole is asked for at once, from the last whole position", () => {
  const { feed, made, last } = world();
  feed.open();
  last().say(setup(), snapshot([entry(1)]), entry(3));
  assert.equal(made.sockets.length, 2);
  assert.equal(made.sockets[0].readyState, 3);
  assert.equal(query(last()).from, "1");
});

test("a gateway that leaves the same hole again and again is asked for a snapshot", () => {
  const { feed, pass, last } = world();
  feed.open();
  last().say(setup(), snapshot([entry(1)]));
  for (let turn = 0; turn < 4; turn += 1) {
    last().say(entry(3));
    pass(20_000);
    last().say(setup({ recovered: true, seq: 3 }));
  }
  last().say(entry(3));
  pass(20_000);
  assert.equal(query(last()).from, "end");
});

test("pauses between attempts grow to a bound, and begin anew when it is back", () => {
  const { feed, made, pass, last } = world();
  feed.open();
  const pauses = [];
  for (let turn = 0; turn < 8; turn += 1) {
    last().end(1006);
    pauses.push(feed.link.again - made.now);
    pass(pauses.at(-1));
  }
  assert.deepEqual(pauses, [400, 800, 1_600, 3_200, 6_400, 12_800, 15_000, 15_000]);
  last().say(setup(), snapshot());
  last().end(1012);
  assert.equal(feed.link.again - made.now, 400);
});

test("a connection on which nothing is heard is given up, though it never closes", () => {
  const { feed, pass, last } = world();
  feed.open();
  last().say(setup(), snapshot());
  pass(5_000);
  last().say(heartbeat(0));
  pass(7_000);
  assert.equal(feed.link.kind, "open");
  pass(600);
  assert.equal(feed.link.kind, "lost");
});

test("where the device knows that it has no network, it says so", () => {
  const { feed, made, last } = world();
  feed.open();
  last().say(setup(), snapshot());
  made.online = false;
  last().end(1006);
  assert.equal(feed.link.kind, "offline");
});

test("there is no coming back from an event that is not there", () => {
  const { feed, made, pass, last } = world();
  feed.open();
  last().end(4004);
  assert.deepEqual([feed.link.kind, feed.link.code], ["closed", 4004]);
  feed.retry();
  pass(60_000);
  assert.equal(made.sockets.length, 1);
});

test("a ping counts what has become of messages since the ping before", () => {
  const { feed, pass, last } = world();
  const counted = () => last().sent.map((one) => one.counts);
  const none = { received: 0, lost: 0, repaired: 0, duplicate: 0 };
  feed.open();
  last().say(setup({ heartbeat: 30 }), snapshot(), entry(1), entry(2));
  pass(10_000);
  assert.deepEqual(counted(), [none, { ...none, received: 2 }]);
  last().end(1006);
  pass(2_000);
  last().say(setup({ heartbeat: 30, recovered: true, seq: 4 }), entry(3), entry(4));
  pass(10_000);
  assert.deepEqual(counted(), [none, { ...none, received: 2, lost: 2, repaired: 2 }]);
});

test("the gateway's clock is reckoned from the quickest ping", () => {
  const { feed, made, last } = world();
  feed.open();
  last().say(setup(), snapshot());
  const pong = (trip, ahead) => {
    const time = made.now;
    made.now += trip;
    last().say({
      type: "pong",
      time,
      server_time: new Date(time + trip / 2 + ahead).toISOString(),
    });
  };
  pong(400, 7_150); // slow on the way back
  pong(20, 7_000);
  pong(300, 6_900);
  assert.equal(feed.roundTrip, 20);
  assert.equal(Math.round(feed.wall() - made.now), 7_000);
});

test("garbage on the wire harms nothing", () => {
  const { feed, last } = world();
  feed.open();
  last().say(setup(), snapshot([entry(1)]));
  last().onmessage({ data: "{no json" });
  last().say({ type: "from the future", seq: 99 });
  assert.equal(feed.state.seq, 1);
  assert.equal(feed.link.kind, "open");
});
