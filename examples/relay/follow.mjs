// Follow an event from NATS, with nothing of Touchline: a NATS client and MessagePack.
//
//   cd examples/relay && npm install
//   node follow.mjs EVENT nats://127.0.0.1:4222
//
// docs/RELAY.md explains each step. The program ends when the event is over.

import { decode } from "@msgpack/msgpack";
import { connect, consumerOpts } from "nats";

const [event, servers = "nats://127.0.0.1:4222"] = process.argv.slice(2);
if (!event) {
  console.error("usage: node follow.mjs EVENT [nats://HOST:PORT]");
  process.exit(2);
}

// NATS_USER and NATS_PASSWORD, where the server asks for them.
const { NATS_USER: user, NATS_PASSWORD: pass } = process.env;
const connection = await connect({ servers, ...(user && { user, pass }) });
const stream = connection.jetstream();
const admin = await connection.jetstreamManager();

// 1. What the event is.
const described = await admin.streams.getMessage("TOUCHLINE", {
  last_by_subj: `touchline.card.${event}`,
});
const { card } = decode(described.data);
console.log(`${card.title} (${card.sport})`);

// 2. Who speaks for the feed: the relay, and through it the host.
let heard = Date.now();
connection.subscribe(`touchline.beat.${event}`, {
  callback: (error, message) => {
    if (error) return;
    const word = decode(message.data);
    heard = Date.now();
    if (word.host !== undefined && word.host !== "heard") console.error(`-- ${word.text}`);
    // word.beat holds the host's newest heartbeat: reporters present, open claims, state.
  },
});
const watch = setInterval(() => {
  if (Date.now() - heard > 60_000) console.error("-- the relay is lost");
}, 10_000);

// 3. The feed, from its first message on. An ordered consumer goes on after a lost connection.
let seq = 0;
let digest = "";
const feed = await stream.subscribe(`touchline.feed.${event}`, consumerOpts().orderedConsumer());
for await (const message of feed) {
  const body = decode(message.data);
  if (body.seq === 1 && seq > 0) console.log("-- the feed begins anew: forget what came before");
  seq = body.seq;
  digest = message.headers.get("Touchline-Digest");
  if (body.type === "entry") {
    console.log(`${seq} ${body.clock ?? ""} ${body.text} [${body.status}] ${body.headline ?? ""}`);
  } else {
    console.log(`${seq} ${body.type} ${body.headline ?? ""}`);
  }
  // `over` is left out where it is true: fields with their default may be absent.
  if (body.type === "finished" && body.over !== false) break;
}
console.log(`seq ${seq} digest ${digest}`);
clearInterval(watch);
await connection.close();
