// The page on which people at the ground say what they see.

import { gradeWords, ownGradeOf } from "./accuracy.js";
import { cause, drawBanner } from "./banner.js";
import { disputes, follow } from "./claims.js";
import { contradiction } from "./contradictions.js";
import { OpenClaims } from "./open_claims.js";
import { byId, fill, frames, keyed, say } from "./dom.js";
import { attend, Feed, feedUrl } from "./feed.js";
import { ScoreHeader, titleOf } from "./score_header.js";
import { Outbox } from "./outbox.js";
import { Question } from "./question.js";
import { showCode } from "./second_device.js";
import { drawOwn, ownWords, ReportButtons } from "./report_buttons.js";
import { fates, pair, Refused, Sender, send, signIn, signOut, whoAmI } from "./session.js";
import { aboutOf, STATEMENT } from "./buttons.js";
import { askDetails, askScore, askSure, askWhich, callOff } from "./dialog.js";
import { reportsCount } from "./ending.js";
import { eventTime } from "./event_time.js";
import { rows } from "./timeline.js";
import { entryWords } from "./entry_text.js";
import { capital, scoreQuestion, stepWords } from "./formatting.js";
import { WithheldFeed } from "./withheld.js";
import { clockOf, kindText } from "./presentation.js";
import { tr, trn } from "./texts.js";

/** Rows of the feed that are shown. */
const ROWS = 40;

/** Where this device remembers how its buttons are wanted. */
const PREFERS = "touchline.prefers";

/** Milliseconds for which the page says that the clock was set. */
const STEP_SHOWN = 60_000;

/** Errors of a sign-in that an invitation code may help against. */
const WANT_CODE = new Set(["UNKNOWN_KEY", "BAD_INVITE", "NOT_ALLOWED"]);

/** Errors that say that an operator has put one out. */
const PUT_OUT = new Set(["REVOKED", "UNTRUSTED"]);

const id = decodeURIComponent(location.pathname.split("/").filter(Boolean).at(-1) ?? "");
const kept = `touchline.event.${id}`;
const scoreHeader = new ScoreHeader(byId("hero"));
const openClaims = new OpenClaims(byId("claims"));
const feed = new Feed(feedUrl(id), { message: took, link: linked, stepped });
const reportButtons = new ReportButtons(byId("pad"), { tap, state: stateIt, end }, preferred());
const question = new Question(byId("question"), {
  answer,
  skip: answered,
  aloud: (words) => say(byId("aloud"), words),
  rest: () => byId("pad").focus({ preventScroll: true }),
});
const draw = frames(drawAll);
const me = { asked: "", outbox: null, sender: null };
const shown = new WithheldFeed(); // what is drawn: as much of the feed as this person may see
let asks = []; // the host's open questions whether something happened
let drawnFeed = "";
let wanted = null; // the host's open question for the score

globalThis.touchline = { feed, me, shown };

// ── the reporter ───────────────────────────────────────────────────────────────────────────────

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(kept)) ?? {};
  } catch {
    return {};
  }
}

function remember(about) {
  try {
    localStorage.setItem(kept, JSON.stringify({ ...remembered(), ...about }));
  } catch {
    // Without room the page works as long as it is open.
  }
}

/** Return what this device remembers of how its buttons are wanted, in every event. */
function preferred() {
  let found = {};
  try {
    found = JSON.parse(localStorage.getItem(PREFERS)) ?? {};
  } catch {
    // As if it were the first time.
  }
  found.keep = () => {
    try {
      localStorage.setItem(PREFERS, JSON.stringify(found));
    } catch {
      // Without room it is forgotten with the page.
    }
  };
  return found;
}

async function begin() {
  const { asked, name, card, kinds, statements, actions, presentation } = remembered();
  // The buttons are there without a connection too, as they were the last time.
  if (card) {
    const buttons = { kinds: kinds ?? [], statements: statements ?? [], actions: actions ?? [] };
    const found = { event: card, ...buttons };
    for (const state of [feed.state, shown.state])
      Object.assign(state, { ...found, presentation: presentation ?? null });
  }
  if (asked) enter(asked, name);
  try {
    const found = await whoAmI(id);
    if (found && found.asked !== me.asked) enter(found.asked, found.name);
    else if (!found) ask(asked);
  } catch {
    if (!asked) ask("");
  }
  feed.open();
}

/**
 * Begin to report.
 * @param {string} asked the name that one gave, under which this device keeps what is said
 * @param {string} name as the broker knows it: the name asked for may belong to another key
 */
function enter(asked, name = asked) {
  me.asked = asked;
  me.outbox = new Outbox(localStorage, id, asked);
  me.sender = new Sender(me.outbox, (reports) => send(id, reports), { changed: draw, refused });
  remember({ asked, name });
  byId("as").hidden = name === asked;
  say(byId("as"), name === asked ? "" : tr("as {name}, since {asked} is somebody else", { name, asked }));
  byId("sign-in").hidden = true;
  byId("desk").hidden = false;
  byId("sign-out").hidden = false;
  draw();
  me.sender.go();
  showGrade();
}

/** Show how one's reports were, once an official record has been held against them. */
async function showGrade() {
  const grade = await ownGradeOf(id);
  byId("grade").hidden = !grade;
  say(byId("grade"), grade ? gradeWords(grade) : "");
}

function ask(name, wrong = "") {
  byId("sign-in").hidden = false;
  byId("desk").hidden = true;
  byId("sign-out").hidden = true;
  byId("name").value ||= name ?? "";
  byId("sign-in-wrong").hidden = !wrong;
  say(byId("sign-in-wrong"), wrong);
}

/** The session is over, or of another event: what is kept waits until one has signed in again. */
function refused(error) {
  const waiting = me.outbox.pending().length;
  const words = waiting
    ? trn("{n} report kept here will be sent then.", "{n} reports kept here will be sent then.", waiting)
    : "";
  const reason = PUT_OUT.has(error?.code)
    ? tr("You can't report here any more: {reason}.", { reason: error.message })
    : tr("You are not signed in any more. Sign in again.");
  ask(me.asked, `${reason} ${words}`.trim());
}

/** Return why one can't sign in; where it takes a code, the field for it is shown from then on. */
function refusal(error) {
  if (!WANT_CODE.has(error.code)) return error.message;
  const asked = byId("code-field").hidden;
  byId("code-field").hidden = false;
  byId("code").required = true;
  return asked && error.code === "UNKNOWN_KEY" ? tr("Here it takes an invitation code.") : error.message;
}

byId("sign-in").addEventListener("submit", (event) => {
  event.preventDefault();
  const button = event.target.querySelector("button");
  signedIn(button, () => signIn(id, byId("name").value.trim(), byId("code").value.trim()));
});

byId("pair").addEventListener("click", pairHere);
byId("pair-code").addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault(); // the form around it asks for a name
  pairHere();
});

/** Go on as the person whose other device shows the code. */
function pairHere() {
  const code = byId("pair-code").value.trim();
  if (code) signedIn(byId("pair"), () => pair(id, code), (error) => error.message);
}

byId("second-device").addEventListener("click", async () => {
  try {
    await showCode(byId("sheet"), id);
  } catch (error) {
    if (error instanceof Refused && error.status === 401) refused(error);
    else complain(error instanceof Refused ? error.message : tr("The gateway can't be reached. Try again."));
  }
});

/** Begin a session, by a button that rests meanwhile; say why where there is none. */
async function signedIn(button, begun, why = refusal) {
  button.disabled = true;
  byId("sign-in-wrong").hidden = true; // said of the attempt before
  try {
    const session = await begun();
    enter(session.asked, session.name);
    feed.state.joined = false; // joined anew as this reporter, the feed tells the fates of reports
    feed.open();
    byId("pad").focus();
  } catch (error) {
    ask("", error instanceof Refused ? capital(why(error)) : tr("The gateway can't be reached. Try again."));
  } finally {
    button.disabled = false;
  }
}

byId("sign-out").addEventListener("click", async () => {
  const waiting = me.outbox?.pending().length ?? 0;
  const words = waiting
    ? trn(
        "{n} report on this device is not sent yet. It is kept, and sent when you sign in again under the same name.",
        "{n} reports on this device are not sent yet. They are kept, and sent when you sign in again under the same name.",
        waiting,
      )
    : tr("What you have said stays said.");
  if (!(await askSure(byId("sheet"), tr("Sign out?"), words, tr("Sign out")))) return;
  try {
    await signOut(id);
  } catch {
    // Offline: the cookie stays until the gateway can be reached; this page does not use it.
  }
  remember({ asked: "", name: "" });
  location.reload();
});

// ── what is said ───────────────────────────────────────────────────────────────────────────────

async function tap(kind, origin, everything) {
  const at = Date.now();
  const needs = everything ? kind.details.length : kind.details.some((detail) => detail.required);
  let details = {};
  if (needs) {
    const given = await askDetails(byId("sheet"), feed.state, { kind, origin, everything });
    if (given === null) return;
    details = given;
  }
  const meant = await settled(kind, { origin, details });
  if (meant) report({ title: kind.title, origin: meant.origin, details: meant.details }, at);
}

/** Return what is meant by what contradicts the line-ups: as it is, or as answered; null: nothing. */
async function settled(kind, said) {
  const asked = contradiction(feed.state, kind, said);
  if (!asked) return said;
  const offers = asked.answers.map((answer) => ({ text: answer.text, value: answer }));
  return await askWhich(byId("sheet"), asked.title, asked.words, offers);
}

/** Say who it was: at once where the entry is there, else once it is. */
function sayWho(own, detail, name) {
  me.outbox.noteWho(own, { [detail]: name });
  tellWho();
  draw();
}

function tellWho() {
  for (const own of me.outbox?.untold() ?? []) {
    me.outbox.noteTold(own);
    report({ title: "amend", details: { entry: own.entry_id, ...own.who } });
  }
}

/** Keep a report, and send it; its time is that of the tap, by the event's own clock. */
function report({ title, origin = "", details = {} }, at = Date.now(), about = "") {
  const happened = eventTime(feed.state.event, at) ?? at;
  const event = { title, origin, time: new Date(happened).toISOString(), details };
  try {
    const own = me.outbox.add(event, new Date(at).toISOString(), "", about);
    say(byId("aloud"), tr("Reported: {what}", { what: ownWords(feed.state, own) }));
  } catch {
    say(byId("aloud"), tr("This device can keep nothing more: it was not reported."));
    complain(tr("This device can keep nothing more, so nothing can be reported. Make room on it."));
  }
  draw();
  me.sender.go();
}

function undo(own) {
  me.outbox.undo(own, new Date().toISOString());
  say(byId("aloud"), tr("Taken back: {what}", { what: ownWords(feed.state, own) }));
  draw();
  me.sender.go();
}

/** State what is to be seen besides what happens: the score, that play is interrupted, a review. */
async function stateIt(button) {
  const at = Date.now();
  const details = { ...button.says };
  const about = aboutOf(shown.state, button);
  const begins = details.review === "begun";
  if (about.length === 1 && !begins) details.entry = about[0].entry_id;
  else if (about.length) {
    const offers = about.map((entry) => ({ text: offerText(entry), value: entry.entry_id }));
    if (begins) offers.push({ text: tr("Something that is not here"), value: "" });
    const entry = await askWhich(byId("sheet"), button.text, tr("Which is it about?"), offers);
    if (entry === null) return;
    details.entry = entry;
  }
  const asked = button.details.filter((detail) => detail.name !== "entry");
  if (asked.some((detail) => detail.name === "score")) {
    const score = await askScore(byId("sheet"), shown.state, tr("Others state it too, and then it counts."));
    if (score === null) return;
    report({ title: STATEMENT, details: { score } }, at);
    return;
  }
  const wish = {
    kind: { text: button.text, details: asked },
    origin: "",
    everything: true,
    skip: asked.some((detail) => detail.required) ? "" : tr("Without a reason"),
  };
  const given = asked.length ? await askDetails(byId("sheet"), shown.state, wish) : {};
  if (given !== null) report({ title: STATEMENT, details: { ...details, ...given } }, at);
}

function offerText(entry) {
  return [entryWords(shown.state, entry), clockOf(shown.state, entry)].filter(Boolean).join(" · ");
}

/** Say that the event is over, or that it is not. */
async function end(over) {
  const [title, words, send] = over
    ? [
        tr("Is the event over?"),
        tr("When enough others say so too, it is. Corrections count for a while."),
        tr("It is over"),
      ]
    : [
        tr("Does the event go on?"),
        tr("When enough others say so too, it goes on."),
        tr("It goes on"),
      ];
  if (await askSure(byId("sheet"), title, words, send))
    report({ title: "end", details: over ? {} : { over: false } });
}

/** Answer a question of the host. */
function answer(ask, yes) {
  answered(ask);
  report({ title: "answer", details: { claim: ask.claim, yes } }, Date.now(), ask.text);
}

function answered(ask) {
  asks = asks.filter((one) => one !== ask);
  draw();
}

/** Say that an entry is wrong, or what is. */
async function correct(entry) {
  const kind = feed.state.kinds.find((one) => one.title === entry.title);
  const offers = [{ text: tr("It did not happen"), value: "delete" }];
  if (kind?.details.length) offers.push({ text: tr("Its details are wrong"), value: "amend" });
  const chosen = await askWhich(
    byId("sheet"),
    entryWords(feed.state, entry),
    clockOf(feed.state, entry),
    offers,
  );
  if (chosen === "delete") report({ title: "delete", details: { entry: entry.entry_id } });
  if (chosen !== "amend") return;
  const given = await askDetails(byId("sheet"), feed.state, {
    kind,
    origin: entry.origin,
    everything: true,
    given: entry.details,
    title: tr("What is right?"),
    send: tr("Put it right"),
  });
  const changed = Object.entries(given ?? {}).filter(
    ([name, value]) => entry.details?.[name] !== value,
  );
  if (changed.length)
    report({ title: "amend", details: { entry: entry.entry_id, ...Object.fromEntries(changed) } });
}

/** The host asks for the score. */
async function confirmScore() {
  const question = wanted;
  // The score that others say there is would be repeated: it is offered as far as it may be seen.
  const score = await askScore(byId("confirm"), shown.state, scoreQuestion(question));
  if (wanted !== question || score === null) return;
  wanted = null;
  report({ title: "confirm", details: { score } });
}

// ── what comes ─────────────────────────────────────────────────────────────────────────────────

function took(message, result) {
  switch (message.type) {
    case "setup":
      remember(offer());
      break;
    case "fate":
      me.outbox?.note(message);
      tellWho();
      break;
    case "questions":
      asks = message.questions;
      break;
    case "confirm":
      wanted = message;
      if (me.outbox) confirmScore();
      break;
    case "restored":
      wanted = null;
      callOff(byId("confirm"));
      break;
    case "pong":
      return;
  }
  if (me.outbox) follow(me.outbox, feed.state.pending, feed.offset);
  know();
  if (result === "taken") shown.put(message, feed.wall());
  draw();
}

/** Let what is withheld be seen once this person has spoken of it, or is asked. */
function know() {
  const asked = asks.map((ask) => ask.claim);
  shown.know(me.outbox?.reports ?? [], asked, feed.offset, feed.wall());
}

/** Return what the buttons are made of, to have them without a connection too. */
function offer() {
  const { event: card, kinds, statements, actions, presentation } = feed.state;
  return { card, kinds, statements, actions, presentation };
}

let opened = false;

function linked(link) {
  if (link.kind === "open" && !opened) catchUp();
  opened = link.kind === "open";
  draw();
}

/** Say that the clock of this device was set; each request tells the gateway what it shows now. */
function stepped(milliseconds) {
  const words = stepWords(milliseconds);
  say(byId("clock-set"), words);
  byId("clock-set").hidden = false;
  setTimeout(() => (byId("clock-set").hidden = true), STEP_SHOWN);
}

/** Send what is kept, and ask what has become of the rest meanwhile. */
async function catchUp() {
  if (!me.outbox) return;
  await me.sender.go();
  try {
    for (const fate of await fates(id)) me.outbox.note(fate);
    tellWho();
  } catch (error) {
    if (error instanceof Refused && error.status === 401) refused();
  }
  draw();
}

// ── how it looks ───────────────────────────────────────────────────────────────────────────────

function drawAll() {
  know();
  const { state } = shown;
  document.title = `${titleOf(state)} · ${tr("Report")}`;
  const found = cause(feed, Date.now());
  scoreHeader.draw(
    state,
    found && found.kind !== "disagree" ? [found.title, found.bad ? "bad" : "warn"] : null,
    feed.wall(),
  );
  scoreHeader.tick(state, feed.wall());
  drawBanner(byId("banner"), found, Date.now(), () => feed.retry());
  if (!reportsCount(state, feed.wall())) callOff(byId("confirm"));
  if (!me.outbox || byId("desk").hidden) return;
  question.draw(state, asks[0] ?? null);
  reportButtons.draw(state, feed.wall());
  drawOwn(byId("own"), state, me.outbox, { undo, who: sayWho }, Date.now());
  drawUnsent();
  drawDisputes();
  drawFeed();
}

/** Say what is disputed, on a line that is always there: the buttons below it stay where they are. */
function drawDisputes() {
  const root = byId("disputes");
  const { count, own } = disputes(shown.state, me.outbox, feed.wall(), feed.offset);
  root.classList.toggle("some", count > 0);
  if (!count) return say(root, tr("Nothing is disputed."));
  const names = own
    .map((one) => [kindText(shown.state, one.title), one.origin].filter(Boolean).join(", "))
    .join("; ");
  const open = trn("{n} claim is disputed.", "{n} claims are disputed.", count);
  say(root, names ? `${open} ${tr("Of yours: {names}.", { names })}` : open);
}

function drawUnsent() {
  const waiting = me.outbox.pending().length;
  const root = byId("unsent");
  root.classList.toggle("some", waiting > 0);
  say(root, waiting ? trn("{n} kept on this device", "{n} kept on this device", waiting) : "");
}

function complain(words) {
  fill(byId("unsent"), words);
}

function drawFeed() {
  const { state } = shown;
  // How many there are, and not what others claim: what one has said oneself stands beside it.
  openClaims.draw({ ...state, pending: [] }, feed.wall());
  const version = `${state.version}|${state.joined}`;
  if (!state.joined || drawnFeed === version) return;
  drawnFeed = version;
  const { rows: found } = rows(state, { most: ROWS, key: false, act: correct });
  keyed(byId("lines"), found);
  byId("empty").hidden = found.length > 0;
  const log = byId("feed");
  if (log.getAttribute("aria-busy") === "true")
    setTimeout(() => log.setAttribute("aria-busy", "false"), 100);
}

byId("to-event").href = `/events/${encodeURIComponent(id)}`;
setInterval(drawAll, 1000);
addEventListener("storage", (event) => {
  // Another tab of this browser has reported, or knows more of what was.
  if (!me.outbox?.owns(event.key)) return;
  me.outbox.reload();
  draw();
});
addEventListener("online", () => me.sender?.go());
attend(feed);
begin();
const given = new URLSearchParams(location.hash.slice(1));
if (given.has("code") || given.has("pair")) {
  // From the organiser's link, or from another device: the fragment is sent to no server.
  byId("code").value = given.get("code") ?? "";
  byId("pair-code").value = given.get("pair") ?? "";
  byId("other-device").open = given.has("pair");
  history.replaceState(null, "", location.pathname);
}
byId("plain").hidden = "serviceWorker" in navigator;
if ("serviceWorker" in navigator) {
  // So that the page comes up again where there is no network; it is left out on plain http.
  navigator.serviceWorker.register("/sw.js").catch(() => {});
}
