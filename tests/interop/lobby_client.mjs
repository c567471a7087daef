// A lobby client that knows nothing of Touchline but the table in docs/GATEWAY.md, on the WebSocket
// that JavaScript runtimes have built in. Prints one JSON line for each claim that it checked.
//
//     node [--experimental-websocket] lobby_client.mjs URL [OTHER_URL]

import assert from "node:assert/strict";

const [url, other = url] = process.argv.slice(2);
const PATIENCE = 10_000;

class Client {
  constructor(address = url) {
    this.texts = [];
    this.waiting = [];
    this.socket = new WebSocket(address);
    this.socket.onmessage = ({ data }) => {
      this.texts.push(data);
      this.waiting.splice(0).forEach((wake) => wake());
    };
    this.opened = new Promise((resolve, reject) => {
      this.socket.onopen = resolve;
      this.socket.onerror = reject;
    });
    this.closed = new Promise((resolve) => {
      this.socket.onclose = ({ code }) => resolve(code);
    });
  }

  async say(message) {
    await this.opened;
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
    return this;
  }

  // The first text that fits, from those that came or will come; those before it are dropped.
  async next(fits, what) {
    const end = Date.now() + PATIENCE;
    for (;;) {
      while (this.texts.length) {
        const text = this.texts.shift();
        if (fits(text)) return text;
      }
      assert.ok(Date.now() < end, `${what} did not come`);
      await new Promise((resolve) => {
        this.waiting.push(resolve);
        setTimeout(resolve, 100);
      });
    }
  }

  async users(...names) {
    const wanted = JSON.stringify(names);
    const fits = (text) =>
      text !== "refresh" && JSON.stringify(JSON.parse(text).users ?? null) === wanted;
    await this.next(fits, `the list ${wanted}`);
  }

  leave() {
    this.socket.close();
    return this.closed;
  }
}

const wait = (user, address) =>
  new Client(address).say({ type: "wait_start", user, lobby_id: 7, prompt_id: "hills" });
const isStart = (text) => JSON.stringify(JSON.parse(text)) === '{"type":"start"}';
const isRefresh = (text) => text === "refresh";
const checked = (claim) => console.log(JSON.stringify({ claim }));

const ann = await wait("ann");
await ann.users("ann");
const bob = await wait("bob", other);
await Promise.all([ann, bob].map((one) => one.users("ann", "bob")));
checked("waiting lists grow");

const twin = await wait("bob");
await Promise.all([ann, bob, twin].map((one) => one.users("ann", "bob", "also bob")));
checked("two bobs are kept apart");

const garbage = ["", "{", "[]", "null", '{"type":"wait_start"}', '{"type":"x"}', "\u0000"];
for (const text of garbage) {
  const eve = await new Client().say(text);
  const error = JSON.parse(await eve.next(() => true, "an error"));
  assert.equal(error.type, "error");
  assert.ok(error.code && error.reason);
  assert.equal(await eve.closed, 4000);
}
const binary = new Client();
await binary.opened;
binary.socket.send(new Uint8Array([0xff, 0xfe, 0x00]));
assert.equal(await binary.closed, 4000);
assert.equal(ann.texts.length + bob.texts.length + twin.texts.length, 0);
checked("garbage harms nobody");

await bob.say({ type: "start", user: "bob", anything: ["else"] });
await Promise.all([ann, bob, twin].map((one) => one.next(isStart, "the start")));
checked("start reaches all");

await bob.leave();
await Promise.all([ann, twin].map((one) => one.users("ann", "also bob")));
await twin.leave();
await ann.users("ann");
checked("waiting lists shrink");

const board = { lobby_id: 7, prompt_id: "hills" };
const viewers = [new Client(), new Client(other)];
for (const viewer of viewers) await viewer.say({ type: "leaderboard", ...board });
const elsewhere = await new Client().say({ type: "leaderboard", ...board, prompt_id: "x" });
const prompts = [new Client(), new Client(other)];
for (const viewer of prompts) await viewer.say({ type: "lobby_prompts", lobby_id: 7 });
await new Promise((resolve) => setTimeout(resolve, 300)); // they have no answer to wait for
const sender = await new Client().say({ type: "leaderboard_update", ...board });
assert.equal(await sender.closed, 1000);
await Promise.all(viewers.map((one) => one.next(isRefresh, "refresh")));
checked("refresh reaches the viewers of a leaderboard, the sender is closed");

await prompts[0].say({ type: "lobby_prompts_update" });
await Promise.all(prompts.map((one) => one.next(isRefresh, "refresh")));
assert.equal(elsewhere.texts.length, 0);
checked("refresh reaches the viewers of prompts");

await Promise.all([ann, ...viewers, ...prompts, elsewhere].map((one) => one.leave()));
