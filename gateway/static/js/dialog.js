// Sheets that slide up from the thumb: details of an action, the score when the host asks.

import { asked, details, names, scoreForm, scoreText } from "./buttons.js";
import { el, fill } from "./dom.js";
import { lineups } from "./lineup.js";
import { detailText, shown, valueText } from "./presentation.js";
import { tr } from "./texts.js";

/**
 * Ask for the details of an action.
 * @param {HTMLDialogElement} sheet
 * @param {object} state
 * @param {{kind: object, origin: string, everything: boolean, given?: object, title?: string, send?: string, skip?: string}} wish
 * @returns {Promise<object|null>} the details; null where it was called off
 */
export function askDetails(sheet, state, wish) {
  const { kind, origin } = wish;
  const given = { ...wish.given };
  const open = wish.everything ? kind.details : asked(kind, false);
  const wrong = el("p.wrong", { role: "alert", hidden: true });
  const fields = el("div.fields");
  const draw = () =>
    fill(
      fields,
      open.map((detail) => field(state, origin, detail, given, draw)),
    );
  draw();
  return show(sheet, {
    title: wish.title ?? [kind.text, origin].filter(Boolean).join(" · "),
    body: [fields, wrong],
    send: wish.send ?? tr("Report"),
    skip:
      wish.skip ?? (!open.some((detail) => detail.required) && !wish.given ? tr("Without details") : ""),
    take(skipped) {
      const found = skipped ? { details: {}, missing: "" } : details(kind, given);
      wrong.hidden = !found.missing;
      if (found.missing) wrong.textContent = tr("{detail} is needed.", { detail: detailText(state, found.missing) });
      return found.missing ? undefined : found.details;
    },
  });
}

function field(state, origin, detail, given, draw) {
  const choices = detail.choices.length
    ? detail.choices
    : detail.suggested ?? names(state, lineups(state), origin, detail.name, given);
  const name = detailText(state, detail.name);
  const label = detail.required ? name : tr("{detail} (if you know)", { detail: name });
  const set = (value, again) => {
    given[detail.name] = value;
    if (again) draw();
  };
  if (!choices.length) return input(detail, label, given, set);
  const listed = choices.includes(given[detail.name] ?? "");
  return el(
    "fieldset",
    {},
    el("legend", {}, label),
    el(
      "div.choices",
      {},
      choices.map((choice) =>
        el(
          "label",
          {},
          el("input", {
            type: "radio",
            name: `detail-${detail.name}`,
            value: choice,
            checked: given[detail.name] === choice,
            onclick: () => set(choice, decides(state, detail.name)),
          }),
          el("span", {}, valueText(state, detail.name, choice)),
        ),
      ),
    ),
    !detail.choices.length &&
      input(detail, tr("Or type: {what}", { what: detail.text }), listed ? {} : given, set, true),
  );
}

/** Return whether what is chosen for a detail decides whose names another one offers. */
function decides(state, name) {
  const named = Object.values(shown(state).lineup.named ?? {});
  return named.some((one) => one.other_when?.detail === name);
}

function input(detail, label, given, set, slim = false) {
  return el(
    slim ? "label.field.slim" : "label.field",
    {},
    el("span", {}, label),
    el("input", {
      type: "text",
      inputmode: detail.number ? "decimal" : null,
      value: given[detail.name] ?? "",
      maxlength: 200,
      autocomplete: "off",
      placeholder: detail.text,
      oninput: (event) => set(event.target.value, false),
    }),
  );
}

/** Milliseconds in which a tap was meant for what the question for the score has come to cover. */
const SLIP = 400;

/**
 * Ask for the score that this person sees.
 * @returns {Promise<string|null>} as the host reads it; null where it was put off
 */
export function askScore(sheet, state, words) {
  const { fields, text, hint } = scoreForm(state);
  const came = performance.now();
  const numbers = fields?.map((one) => one.value) ?? [];
  const line = el("input", {
    type: "text",
    value: text,
    maxlength: 200,
    autocomplete: "off",
    id: "score-text",
  });
  return show(sheet, {
    title: tr("What is the score?"),
    body: [
      el("p", {}, words),
      fields
        ? el(
            "div.steppers",
            {},
            fields.map((one, at) => stepper(one.label, numbers, at)),
          )
        : el("label.field", {}, el("span", {}, hint), line),
    ],
    send: tr("This is the score"),
    skip: "",
    later: tr("Later"),
    take() {
      if (performance.now() - came < SLIP) return undefined;
      return fields ? scoreText(state, numbers) : line.value.trim() || undefined;
    },
  });
}

function stepper(label, numbers, at) {
  const output = el("output", { "aria-live": "polite" }, numbers[at]);
  const step = (by) => {
    numbers[at] = Math.max(-999, numbers[at] + by);
    output.textContent = numbers[at];
  };
  return el(
    "div.stepper",
    { role: "group", "aria-label": label },
    el("span", {}, label),
    el(
      "button.button",
      { type: "button", onclick: () => step(-1), "aria-label": tr("{label}: one less", { label }) },
      "−",
    ),
    output,
    el(
      "button.button",
      { type: "button", onclick: () => step(1), "aria-label": tr("{label}: one more", { label }) },
      "+",
    ),
  );
}

/**
 * Ask a question with two answers.
 * @returns {Promise<boolean>}
 */
export async function askSure(sheet, title, words, send) {
  return (
    (await show(sheet, { title, body: [el("p", {}, words)], send, skip: "", take: () => true })) ===
    true
  );
}

/**
 * Offer what can be done about something.
 * @param {Array<{text: string, value: string}>} offers
 * @returns {Promise<string|null>}
 */
export function askWhich(sheet, title, words, offers) {
  return answer(sheet, (end) => [
    el("h2", { id: `${sheet.id}-title` }, title),
    words && el("p.quiet-words", {}, words),
    offers.map((offer) =>
      el("button.button.wide", { type: "button", onclick: () => end(offer.value) }, offer.text),
    ),
    el("button.button.wide", { type: "button", onclick: () => end(null) }, tr("Cancel")),
  ]);
}

/** Show something until it is closed. */
export function tell(sheet, title, body) {
  return answer(sheet, (end) => [
    el("h2", { id: `${sheet.id}-title` }, title),
    body,
    el("button.button.wide", { type: "button", onclick: () => end(null) }, tr("Close")),
  ]);
}

function show(sheet, { title, body, send, skip, later = tr("Cancel"), take }) {
  return answer(sheet, (end) => {
    const finish = (skipped) => {
      const taken = take(skipped);
      if (taken !== undefined) end(taken);
    };
    const submit = (event) => {
      event.preventDefault();
      finish(false);
    };
    return el(
      "form",
      { method: "dialog", onsubmit: submit },
      el("h2", { id: `${sheet.id}-title` }, title),
      el("div.sheet-body", {}, body),
      el(
        "div.sheet-foot",
        {},
        el("button.button", { type: "button", onclick: () => end(null) }, later),
        skip && el("button.button", { type: "button", onclick: () => finish(true) }, skip),
        el("button.button.primary", { type: "submit" }, send),
      ),
    );
  });
}

/** What ends the question that a sheet shows now. */
const asking = new WeakMap();

/** Show what `draw` gives until it, Escape or another question ends it; null where there was no answer. */
function answer(sheet, draw) {
  asking.get(sheet)?.(null);
  return new Promise((done) => {
    const end = (value) => {
      if (asking.get(sheet) !== end) return;
      asking.delete(sheet);
      sheet.close();
      done(value);
    };
    asking.set(sheet, end);
    fill(sheet, draw(end));
    sheet.oncancel = () => end(null);
    sheet.showModal();
  });
}

/** End whatever a sheet asks: the question has become idle. */
export function callOff(sheet) {
  asking.get(sheet)?.(null);
}
