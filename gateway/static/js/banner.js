// Why it is silent, in words, for as long as it is. One banner: the gravest cause.

import { el, fill } from "./dom.js";
import { duration, SILENCE, timeOfDay } from "./formatting.js";
import { tr } from "./texts.js";

/** Milliseconds that a break may last before people are told of it. */
const PATIENCE = 1_200;

/**
 * Return what is to be said, or null where all is well.
 * @param {object} feed
 * @param {number} now milliseconds since 1970, by the clock here
 * @returns {object|null} {kind, bad, title, text, since, retry, again?}: `since` in milliseconds, 0 unknown;
 *   `again` when the next attempt is
 */
export function cause(feed, now) {
  const { link, state } = feed;
  if (link.kind === "closed" && link.code) return ended(link);
  if (link.kind === "offline" || link.kind === "lost") return broken(feed, now);
  if (link.kind !== "open" && !state.joined) {
    return now - link.since < PATIENCE ? null : broken(feed, now);
  }
  return silent(state, feed.wall() - now);
}

function ended(link) {
  const titles = { 4004: tr("There is no such event") };
  return {
    kind: "closed",
    bad: true,
    title: titles[link.code] ?? tr("The gateway has closed the connection"),
    text: link.reason && link.code !== 4004 ? link.reason : tr("Look for it on the first page."),
    since: 0,
    retry: false,
  };
}

function broken(feed, now) {
  const { link, state } = feed;
  if (now - link.since < PATIENCE) return null;
  const time = timeOfDay(link.since);
  const seconds = Math.ceil((link.again - now) / 1000);
  const again = seconds > 0 ? tr("next attempt in {seconds} s", { seconds }) : tr("trying now");
  const words = (why) =>
    [
      why,
      state.joined && tr("What you see is from {time}.", { time }),
      tr("It goes on by itself, without a gap."),
    ]
      .filter(Boolean)
      .join(" ");
  if (link.kind === "offline") {
    return {
      kind: "offline",
      bad: true,
      title: tr("You are offline"),
      text: words(tr("Your own connection is lost.")),
      since: link.since,
      again,
      retry: true,
    };
  }
  return {
    kind: "gateway_lost",
    bad: true,
    title: tr("No contact with the gateway"),
    text: words(tr("It is down, or your own connection is.")),
    since: link.since,
    again,
    retry: true,
  };
}

function silent(state, offset) {
  const { kind, text } = state.silence;
  if (state.finished && kind !== "failed") return null;
  if (kind === "quiet" || !kind) return null;
  const words = SILENCE[kind];
  if (!words) return { kind, bad: true, title: tr("Nothing is heard"), text, since: 0, retry: false };
  // `lastReceived` is by the host's clock; what has passed is reckoned on the gateway's.
  const heard = kind === "venue_lost" ? Date.parse(state.lastReceived) : NaN;
  const since = Number.isFinite(heard) ? heard - offset : state.silentSince - offset;
  const said = kind === "host_trouble" || kind === "disagree" ? `${words[1]} (${text})` : words[1];
  return {
    kind,
    bad: !["disagree", "reconstructing", "waiting"].includes(kind),
    title: words[0],
    text: said.replace("{since}", timeOfDay(since)),
    since: kind === "waiting" ? 0 : since,
    retry: false,
  };
}

/**
 * Show a cause, or nothing.
 * @param {Element} root
 * @param {object|null} found by `cause`
 * @param {number} now
 * @param {() => void} retry what the button does
 */
export function drawBanner(root, found, now, retry) {
  const shown = found ? `${found.kind}|${found.bad}|${found.retry}` : "";
  if (root.dataset.shown !== shown) {
    root.dataset.shown = shown;
    root.hidden = !found;
    root.classList.toggle("bad", Boolean(found?.bad));
    if (!found) {
      fill(root);
      return;
    }
    // The time that passes is drawn beside it, not read out each second.
    fill(
      root,
      el("span.since", { "aria-hidden": "true" }),
      el(
        "div",
        {},
        el("strong", {}, found.title),
        el("p"),
        el("span.again", { "aria-hidden": "true" }),
      ),
      found.retry && el("button.button", { type: "button", onclick: retry }, tr("Try now")),
    );
  }
  if (!found) return;
  const since = root.querySelector(".since");
  since.textContent = found.since ? duration(now - found.since) : "";
  root.querySelector(".again").textContent = found.again ?? "";
  const text = root.querySelector("p");
  if (text.textContent !== found.text) text.textContent = found.text;
}
