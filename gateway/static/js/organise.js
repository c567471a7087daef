// The pages of organisers: sign in, create events, and look after one.

import { byId, el, fill, keyed, say } from "./dom.js";
import { capital } from "./formatting.js";
import { ask, Refused } from "./session.js";
import { LANGUAGE, tr } from "./texts.js";

/** Milliseconds between two looks at an event. */
const LOOK = 3_000;

/** What is chosen instead of a sport by whoever brings a definition. */
const OWN = "";

/** Characters of a definition, the most. */
const MOST_DEFINED = 65_536;

/** The most entries that are offered to be corrected, the newest. */
const ENTRIES = 60;

const TEXTS = {
  states: { live: tr("Live"), scheduled: tr("Not started"), finished: tr("Over") },
  noHost: tr("Nobody hosts it yet: reports wait on the phones."),
  hosted: tr("It is hosted: reports are counted."),
  code: (code) => tr("The link carries the code {code}. Only those who have it report here.", { code }),
  open: tr("Everybody who has the link may report."),
  copied: tr("Copied"),
  copy: tr("Copy"),
  asked: tr("Every reporter is asked for the score."),
  ruled: tr("Decided, and published."),
  handed: tr("They own it too now."),
  out: (name) =>
    tr("{name} is out, and can't report on this event from that device any more.", { name }),
  nobody: tr("Nobody has come through this page yet."),
  people: (here, all) => tr("{here} here now, {all} in all", { here, all }),
  record: (one) =>
    one.reports
      ? [
          tr("{accepted} of {reports} confirmed", one),
          one.failed ? tr("{failed} not", one) : "",
          one.waiting ? tr("{waiting} open", one) : "",
        ]
          .filter(Boolean)
          .join(", ")
      : tr("has not reported yet"),
  here: tr("here"),
  away: tr("away"),
  putOut: tr("Put out"),
  sure: (name) => tr("Put {name} out?", { name }),
  sureWords: tr("What was said stands as a vote; nothing more is taken from that device."),
  owner: tr("owns it too"),
  takeBack: tr("Take back"),
  goingOn: tr("While it goes on, those who report decide. What they dispute you decide, with your name and the reason beside it."),
  over: tr("It is over. What you decide now stands, whatever is voted."),
  reason: tr("Why, for everybody to read"),
  offline: tr("The gateway can't be reached. Try again."),
};

const id = location.pathname.split("/").filter(Boolean)[1] ?? "";
const event = id ? decodeURIComponent(id) : "";
const at = `/api/organiser/events/${encodeURIComponent(event)}`;
const me = { hosting: false, sports: [], sport: "" };
let shown = null; // the event that is looked after
let live = null; // its score and state

function post(path, body = {}, method = "POST") {
  const about = { method, headers: { "content-type": "application/json" } };
  if (method === "POST") about.body = JSON.stringify(body);
  return ask(path, about);
}

function wrong(error) {
  const words = error instanceof Refused ? error.message : TEXTS.offline;
  say(byId("wrong"), words.charAt(0).toUpperCase() + words.slice(1));
  byId("wrong").hidden = false;
  byId("done").hidden = true;
  byId("wrong").scrollIntoView({ block: "nearest" });
}

function done(words) {
  say(byId("done"), words);
  byId("done").hidden = false;
  byId("wrong").hidden = true;
}

/** Do something for a form or button, which rests meanwhile; errors are shown. */
async function during(button, act) {
  button.disabled = true;
  try {
    await act();
  } catch (error) {
    if (error instanceof Refused && error.status === 401) show("sign-in");
    wrong(error);
  } finally {
    button.disabled = false;
  }
}

function show(part) {
  for (const each of ["sign-in", "overview", "event"]) byId(each).hidden = each !== part;
  byId("to-events").hidden = part !== "event";
  byId("sign-out").hidden = part === "sign-in";
}

// ── signing in ─────────────────────────────────────────────────────────────────────────────────

function submitted(form, act) {
  byId(form).addEventListener("submit", (submit) => {
    submit.preventDefault();
    during(submit.target.querySelector("[type=submit]"), act);
  });
}

submitted("sign-in", async () => {
  const body = { name: byId("name").value.trim(), code: byId("code").value.trim() };
  for (const name of ["key", "invite"]) {
    const value = byId(name).value.trim();
    if (value) body[name] = value;
  }
  enter(await post("/api/organiser", body));
});

byId("sign-out").addEventListener("click", (click) =>
  during(click.target, async () => {
    await post("/api/organiser", null, "DELETE");
    location.assign("/organise");
  }),
);

async function begin() {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) {
    byId("code").value = code;
    history.replaceState(null, "", location.pathname);
  }
  try {
    enter(await ask(`/api/organiser?lang=${LANGUAGE}`));
  } catch (error) {
    show("sign-in");
    if (!(error instanceof Refused && error.status === 401)) wrong(error);
  }
}

async function enter(organiser) {
  Object.assign(me, organiser);
  byId("wrong").hidden = true;
  say(byId("me"), `${organiser.name} (${organiser.peer})`);
  try {
    if (event) await look();
    else await overview();
  } catch (error) {
    show(event ? "event" : "overview");
    wrong(error);
  }
}

byId("export").addEventListener("click", (click) =>
  during(click.target, async () => {
    const { key } = await post("/api/organiser/key");
    say(byId("exported"), key);
    byId("exported").hidden = false;
  }),
);

// ── a new event ────────────────────────────────────────────────────────────────────────────────

function choose(sport) {
  me.sport = sport;
  const many = isMany();
  byId("own-sport").hidden = sport !== OWN;
  byId("definition").required = sport === OWN;
  byId("two-sides").hidden = many;
  byId("lineups").hidden = many;
  byId("many-sides").hidden = !many;
  for (const side of ["home", "away"]) byId(side).required = !many;
  byId("starters").required = many;
  byId("formations").hidden = !formations().length;
}

/** Return what a sport is called. */
function nameOf(sport) {
  return me.sports.find((one) => one.name === sport)?.text ?? tr("Contest");
}

/** Return whether any number takes part, instead of two sides: in a contest of one's own, too. */
function isMany() {
  return me.sports.find((one) => one.name === me.sport)?.many ?? true;
}

byId("file").addEventListener("change", async (change) => {
  const [file] = change.target.files;
  if (!file) return;
  byId("definition").value = (await file.text()).slice(0, MOST_DEFINED);
});

/** Return the rules of the chosen sport by which line-ups are put on the ground. */
function formations() {
  return me.sports.find((one) => one.name === me.sport)?.formations ?? [];
}

async function overview() {
  const fieldset = byId("sports");
  const sorted = [...me.sports, { name: OWN, text: tr("One of your own") }];
  const first = sorted[0];
  fill(
    fieldset,
    el("legend", {}, tr("Sport")),
    sorted.map((one) =>
      el(
        "label",
        {},
        el("input", {
          type: "radio",
          name: "sport",
          value: one.name,
          checked: one === first,
          onchange: () => choose(one.name),
        }),
        el("span", {}, one.text),
      ),
    ),
  );
  choose(first.name);
  byId("no-host").hidden = me.hosting;
  show("overview");
  const { events } = await ask("/api/organiser/events");
  byId("no-events").hidden = events.length > 0;
  fill(
    byId("events"),
    events.map((one) =>
      el(
        "li",
        {},
        el(
          "a",
          { href: `/organise/${encodeURIComponent(one.event)}` },
          el("strong", {}, one.card.title),
          el(`span.badge.${one.card.status}`, {}, TEXTS.states[one.card.status] ?? one.card.status),
        ),
      ),
    ),
  );
}

function lines(name) {
  return byId(name)
    .value.split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

submitted("new", async () => {
  const many = isMany();
  const origins = many ? lines("starters") : [byId("home").value.trim(), byId("away").value.trim()];
  const body = {
    title: byId("title").value.trim() || (many ? nameOf(me.sport) : origins.join(tr(" v "))),
    sport: me.sport,
    origins,
    reporters: byId("new").elements.reporters.value,
    hosting: me.hosting ? "own" : "any",
  };
  if (me.sport === OWN) body.definition = byId("definition").value;
  if (byId("starts").value) body.starts = new Date(byId("starts").value).toISOString();
  for (const name of ["competition", "round", "venue"]) {
    const value = byId(name).value.trim();
    if (value) body[name] = value;
  }
  if (!many) {
    const found = { [origins[0]]: lines("home-names"), [origins[1]]: lines("away-names") };
    body.lineups = Object.fromEntries(Object.entries(found).filter(([, names]) => names.length));
    const formed = [byId("home-formation").value.trim(), byId("away-formation").value.trim()];
    const rules = formations().map((rule, at) => [rule, formed[at]]);
    body.rules = Object.fromEntries(rules.filter(([, formation]) => formation));
  }
  const made = await post("/api/organiser/events", body);
  location.assign(`/organise/${encodeURIComponent(made.event)}`);
});

// ── one event ──────────────────────────────────────────────────────────────────────────────────

async function look() {
  shown = await ask(`${at}?lang=${LANGUAGE}`);
  show("event");
  const { card } = shown;
  document.title = `${card.title} · ${tr("Organise")}`;
  say(byId("event-title"), card.title);
  byId("page-link").href = `/events/${encodeURIComponent(event)}`;
  byId("report-link").href = `/report/${encodeURIComponent(event)}${new URL(shown.report).hash}`;
  if (!byId("qr").src) byId("qr").src = `${at}/qr`;
  byId("link").value = shown.report;
  say(byId("invite-words"), shown.code ? TEXTS.code(shown.code) : TEXTS.open);
  say(byId("host-words"), card.hosted ? TEXTS.hosted : TEXTS.noHost);
  byId("host-here").hidden = card.hosted || !me.hosting;
  keyed(byId("owners"), (card.owners ?? []).map(owner));
  drawState();
  drawActs();
  await Promise.allSettled([score(), people()]);
}

async function score() {
  live = await ask(`/api/events/${encodeURIComponent(event)}/score`);
  drawState();
  drawActs();
}

function isOver() {
  return Boolean(live?.finished ?? shown.card.status === "finished");
}

function drawState() {
  const status = isOver() ? "finished" : shown.card.status;
  byId("state").className = `badge ${status}`;
  say(byId("state"), TEXTS.states[status] ?? status);
  say(byId("score"), live?.headline ?? "");
}

async function people() {
  const { people: found } = await ask(`${at}/people`);
  const here = found.filter((one) => one.here).length;
  say(byId("people-words"), found.length ? TEXTS.people(here, found.length) : TEXTS.nobody);
  const sorted = found.sort((a, b) => b.here - a.here || b.accepted - a.accepted);
  keyed(byId("people"), sorted.map(person));
}

function person(one) {
  return {
    key: one.id,
    version: JSON.stringify(one),
    draw: () =>
      el(
        "li",
        {},
        el(one.here ? "span.dot.on" : "span.dot", { title: one.here ? TEXTS.here : TEXTS.away }),
        el(
          "div.about",
          {},
          el("strong", {}, one.name),
          el("span.quiet-words", {}, `${one.here ? TEXTS.here : TEXTS.away} · ${TEXTS.record(one)}`),
        ),
        el(
          "button.button.small",
          { type: "button", "aria-label": `${TEXTS.putOut}: ${one.name}`, onclick: () => putOut(one) },
          TEXTS.putOut,
        ),
      ),
  };
}

async function putOut(one) {
  const sure = await asked(TEXTS.sure(one.name), TEXTS.putOut, [el("p", {}, TEXTS.sureWords)]);
  if (!sure) return;
  try {
    await post(`${at}/people/${encodeURIComponent(one.id)}`, null, "DELETE");
    done(TEXTS.out(one.name));
    await people();
  } catch (error) {
    wrong(error);
  }
}

function owner(peer) {
  return {
    key: peer,
    version: peer,
    draw: () =>
      el(
        "li",
        {},
        el("div.about", {}, el("strong", {}, peer), el("span.quiet-words", {}, TEXTS.owner)),
        el(
          "button.button.small",
          {
            type: "button",
            onclick: (click) => during(click.target, () => grant(peer, false)),
          },
          TEXTS.takeBack,
        ),
      ),
  };
}

async function grant(peer, allowed) {
  await post(`${at}/grants`, { role: "owner", peer, allowed });
  if (allowed) done(TEXTS.handed);
  await look();
}

submitted("grant", async () => {
  const peer = byId("peer").value.trim();
  if (peer) await grant(peer, true);
  byId("peer").value = "";
});

byId("host-here").addEventListener("click", (click) =>
  during(click.target, async () => {
    await post(`${at}/host`);
    await look();
  }),
);

byId("copy").addEventListener("click", async () => {
  byId("link").select();
  try {
    await navigator.clipboard.writeText(byId("link").value);
  } catch {
    document.execCommand("copy"); // plain http has no clipboard
  }
  say(byId("copy"), TEXTS.copied);
  setTimeout(() => say(byId("copy"), TEXTS.copy), 2_000);
});

// ── what an owner decides ──────────────────────────────────────────────────────────────────────

const ACTS = [
  { text: tr("Ask for the score"), over: false, run: askScore },
  { text: tr("Correct the score …"), over: true, run: () => rule("amend", tr("Correct the score"), ["score"]) },
  { text: tr("Decide what happened …"), over: false, run: uphold },
  { text: tr("Confirm an entry …"), over: false, run: confirm },
  { text: tr("Take an entry back …"), over: null, run: takeBack },
  { text: tr("Correct an entry …"), over: null, run: correct },
  { text: tr("Suspend play …"), over: false, stopped: false, run: () => rule("suspend", tr("Suspend play"), []) },
  { text: tr("Let play go on …"), over: false, stopped: true, run: () => rule("resume", tr("Let play go on"), []) },
  { text: tr("Let it go on …"), over: true, run: () => rule("reopen", tr("Let it go on"), []) },
  { text: tr("End what was reopened …"), over: false, run: () => rule("end", tr("End what was reopened"), []) },
  { text: tr("Award it …"), over: null, sides: 2, run: () => rule("award", tr("Award it"), ["origin"]) },
  { text: tr("Disqualify …"), over: true, disqualifies: true, run: () => rule("disqualify", tr("Disqualify"), ["origin"]) },
  { text: tr("Reinstate …"), over: true, disqualifies: true, run: () => rule("reinstate", tr("Reinstate"), ["origin"]) },
];

let drawnActs = "";

function drawActs() {
  const over = isOver();
  const { card } = shown;
  const { disqualifies } = shown;
  const stopped = Boolean(live?.interrupted);
  if (drawnActs === `${over} ${stopped}`) return;
  drawnActs = `${over} ${stopped}`;
  say(byId("decide-words"), over ? TEXTS.over : TEXTS.goingOn);
  const offered = ACTS.filter(
    (act) =>
      (act.over === null || act.over === over) &&
      (!act.disqualifies || disqualifies) &&
      (act.stopped === undefined || act.stopped === stopped) &&
      (!act.sides || card.origins.length === act.sides),
  );
  fill(
    byId("acts"),
    offered.map((act) => el("button.button", { type: "button", onclick: act.run }, act.text)),
  );
}

async function askScore(click) {
  await during(click.target, async () => {
    await post(`${at}/ask-score`);
    done(TEXTS.asked);
  });
}

const FIELDS = {
  score: () => field("score", tr("The score"), el("input", { id: "f-score", type: "text", required: true })),
  reason: () =>
    field("reason", TEXTS.reason, el("input", { id: "f-reason", type: "text", required: true, maxlength: 500 })),
  origin: () =>
    field(
      "origin",
      tr("Who"),
      el(
        "select",
        { id: "f-origin" },
        shown.card.origins.map((one) => el("option", { value: one }, one)),
      ),
    ),
};

function field(name, text, input) {
  return el("div.field", {}, el("label", { for: `f-${name}` }, text), input);
}

function given(name) {
  return byId("ask-fields").querySelector(`#f-${name}`).value.trim();
}

async function rule(act, title, names, more = {}) {
  const fields = [...names, "reason"].map((name) => FIELDS[name]());
  if (!(await asked(title, title, [more.fields, ...fields]))) return;
  const body = { act, reason: given("reason"), ...(more.body?.() ?? {}) };
  for (const name of names) body[name] = given(name);
  await send(body);
}

async function send(body) {
  try {
    await post(`${at}/rulings`, body);
    done(TEXTS.ruled);
    drawnActs = "";
    await look();
  } catch (error) {
    wrong(error);
  }
}

/** Say which of what was reported happened, though too few say so or others say otherwise. */
async function uphold() {
  const actions = new Map(shown.actions.map((one) => [one.title, one]));
  const select = el(
    "select",
    { id: "f-title" },
    shown.actions.map((one) => el("option", { value: one.title }, one.text)),
  );
  const side = FIELDS.origin();
  const ofSide = () => (side.hidden = !actions.get(select.value)?.needs_origin);
  select.addEventListener("change", ofSide);
  ofSide();
  await rule("uphold", tr("Decide what happened"), [], {
    fields: [
      el("p.quiet-words", {}, tr("Of what was reported and does not stand yet, the newest. The votes stay as they are.")),
      field("title", tr("What happened"), select),
      side,
    ],
    body: () => ({ title: given("title"), origin: side.hidden ? "" : given("origin") }),
  });
}

function confirm() {
  const open = (one) => one.status === "PROVISIONAL";
  return decide("uphold", tr("Confirm an entry"), open, tr("Every entry is confirmed already."));
}

function takeBack() {
  return decide("delete", tr("Take an entry back"), () => true, tr("There is no entry yet."));
}

/** Decide about one of the entries that something is true of. */
async function decide(act, title, of, none) {
  const found = (await entries())?.filter(of);
  if (!found) return;
  if (!found.length) {
    done(none);
    return;
  }
  await rule(act, title, [], { fields: [chosen(found)], body: () => ({ entry: given("entry") }) });
}

/** Return the newest entries, the newest first; undefined where they can't be had. */
async function entries() {
  try {
    const path = `/api/events/${encodeURIComponent(event)}/timeline`;
    const { total } = await ask(`${path}?limit=1`);
    const from = Math.max(1, total - ENTRIES + 1);
    return (await ask(`${path}?from=${from}&limit=${ENTRIES}`)).entries.reverse();
  } catch (error) {
    wrong(error);
    return undefined;
  }
}

function chosen(found) {
  const option = (one) => el("option", { value: one.entry_id }, entryWords(one));
  return field("entry", tr("Entry"), el("select", { id: "f-entry" }, found.map(option)));
}

function actionOf(entry) {
  return shown.actions.find((one) => one.title === entry.title);
}

/** Return what tells an entry from others: its time, what it is, whose, and whom it names. */
function entryWords(entry) {
  const action = actionOf(entry);
  const named = (action?.details ?? [])
    .filter((one) => !one.choices && !one.number)
    .map((one) => entry.details?.[one.name]);
  const what = action?.text ?? (entry.text || entry.title);
  return [entry.clock, what, entry.origin, ...named].filter(Boolean).join(" · ");
}

/** Correct a detail of one entry. */
async function correct() {
  const found = (await entries())?.filter((one) => actionOf(one)?.details.length);
  if (!found) return;
  if (!found.length) {
    done(tr("There is no entry of which more is said."));
    return;
  }
  const entry = chosen(found);
  const detail = field("detail", tr("What is wrong"), el("select", { id: "f-detail" }));
  const value = el("div.field");
  const [which, part] = [entry.querySelector("select"), detail.querySelector("select")];
  const now = () => found.find((one) => one.entry_id === which.value);
  const known = () => actionOf(now()).details.find((one) => one.name === part.value);
  const askValue = () => {
    const id = "f-value";
    fill(value, [el("label", { for: id }, tr("What it should say")), valueInput(id, known(), now().details?.[part.value])]);
  };
  const askDetail = () => {
    fill(
      part,
      actionOf(now()).details.map((one) => el("option", { value: one.name }, capital(one.text))),
    );
    askValue();
  };
  which.addEventListener("change", askDetail);
  part.addEventListener("change", askValue);
  askDetail();
  await rule("amend", tr("Correct an entry"), [], {
    fields: [entry, detail, value],
    body: () => ({
      entry: given("entry"),
      details: { [given("detail")]: known().number ? Number(given("value")) : given("value") },
    }),
  });
}

function valueInput(id, detail, said) {
  if (!detail.choices) {
    const type = detail.number ? "number" : "text";
    return el("input", { id, type, step: detail.number ? "any" : null, value: said ?? "", required: true });
  }
  return el(
    "select",
    { id },
    Object.entries(detail.choices).map(([one, words]) => el("option", { value: one, selected: one === said }, words)),
  );
}

/** Ask in a dialog; return whether it was sent. */
function asked(title, button, fields) {
  const dialog = byId("ask");
  say(byId("ask-title"), title);
  say(byId("ask-send"), button);
  fill(byId("ask-fields"), fields);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "sent"), { once: true });
  });
}

byId("ask-send").value = "sent";
byId("ask-cancel").addEventListener("click", () => byId("ask").close(""));

setInterval(async () => {
  if (!shown || document.hidden || byId("event").hidden) return;
  try {
    await look();
  } catch {
    // It is looked at again.
  }
}, LOOK);
begin();
