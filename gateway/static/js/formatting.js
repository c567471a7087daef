// What people are told, in words. Pure.

import { refusalText } from "./refusals.js";
import { LANGUAGE, number, tr, trn } from "./texts.js";

/** The language of the page as the reader's own part of the world writes it, for dates. */
const REGION =
  globalThis.navigator?.languages?.find((one) => one.split("-")[0] === LANGUAGE) ?? LANGUAGE;

/** Return a length of time in at most six characters: 12 ms, 0.8 s, 42 s, 3 min. */
export function span(seconds) {
  if (seconds < 0.1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${number(seconds, 1)} s`;
  if (seconds < 99.5) return `${Math.round(seconds)} s`;
  if (seconds < 99.5 * 60) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

/** Return a running duration: 0:07, 12:41, 1:02:03. */
export function duration(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = `${two(seconds % 60)}`;
  return hours ? `${hours}:${two(minutes)}:${tail}` : `${minutes}:${tail}`;
}

/**
 * Return what stands in a column of clocks: `32'` for `2nd half 32' · Reds one short`, and the words
 * alone where they have no figures.
 */
export function shortClock(clock) {
  const [head] = (clock ?? "").split(" · ");
  return /\s(\d+(?:\+\d+)?'|\d+:\d\d)$/.exec(head)?.[1] ?? head;
}

/** Return a wall-clock time as clocks on the wall here show it; empty if there is none. */
export function timeOfDay(time) {
  const date = new Date(time ?? NaN);
  return Number.isNaN(date.getTime())
    ? ""
    : date.toLocaleTimeString(LANGUAGE, {
        hour: "2-digit",
        minute: "2-digit",
        second: "2-digit",
        hourCycle: "h23",
      });
}

/** Return when an event starts, as people say it; empty if it is not known. */
export function day(time, now = Date.now()) {
  const date = new Date(time ?? NaN);
  if (Number.isNaN(date.getTime())) return "";
  const clock = date.toLocaleTimeString(LANGUAGE, {
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const same = (other) => date.toDateString() === new Date(other).toDateString();
  if (same(now)) return tr("today {clock}", { clock });
  if (same(now + 86_400_000)) return tr("tomorrow {clock}", { clock });
  if (same(now - 86_400_000)) return tr("yesterday {clock}", { clock });
  const year = date.getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
  return `${date.toLocaleDateString(REGION, { day: "numeric", month: "short", year })}, ${clock}`;
}

/** Return when an event starts in whole words: Saturday 28 November, 15:00; empty if not known. */
export function longDay(time, now = Date.now()) {
  const date = dayName(time, now);
  return date && `${date}, ${timeOfDay(time).slice(0, 5)}`;
}

/** Return a day as people name it: Today, Tomorrow, Saturday 28 November. */
export function dayName(time, now = Date.now()) {
  const date = new Date(time ?? NaN);
  if (Number.isNaN(date.getTime())) return "";
  const same = (other) => date.toDateString() === new Date(other).toDateString();
  if (same(now)) return tr("Today");
  if (same(now + 86_400_000)) return tr("Tomorrow");
  if (same(now - 86_400_000)) return tr("Yesterday");
  const year = date.getFullYear() === new Date(now).getFullYear() ? undefined : "numeric";
  return date.toLocaleDateString(REGION, { weekday: "long", day: "numeric", month: "long", year });
}

/** Return how long it is until a time: in 3 days, in 2 h 5 min, in 40 s; empty once it is past. */
export function countdown(milliseconds) {
  if (!(milliseconds > 0)) return "";
  const seconds = Math.ceil(milliseconds / 1000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (hours >= 48)
    return new Intl.RelativeTimeFormat(LANGUAGE).format(Math.floor(hours / 24), "day");
  if (hours) return tr("in {hours} h {minutes} min", { hours, minutes: minutes % 60 });
  return minutes ? tr("in {minutes} min", { minutes }) : tr("in {seconds} s", { seconds });
}

/** Return who saw an entry, in words: 5 of 6 saw it. */
export function evidence(entry) {
  const { for: voices = 0, against = 0, present = 0 } = entry.evidence ?? {};
  if (entry.by && !voices) return tr("by the organiser");
  return against
    ? tr("{voices} of {present} saw it, {against} say otherwise", { voices, present, against })
    : tr("{voices} of {present} saw it", { voices, present });
}

/** Return the evidence of an entry as a sentence. */
export function evidenceSentence(entry) {
  const { for: voices = 0, against = 0, present = 0, latency_ms: late = 0 } = entry.evidence ?? {};
  const values = { voices, against, there: trn("{n} reporter", "{n} reporters", present) };
  const said = against
    ? tr("{voices} of {there} present said so and {against} said otherwise", values)
    : tr("{voices} of {there} present said so", values);
  const seen = entry.evidence?.seen;
  const also = seen ? tr("; {seen} more agreed when they had seen it", { seen }) : "";
  const time = span(late / 1000);
  const took =
    entry.status === "PROVISIONAL"
      ? tr("; it took {time} to be published.", { time })
      : tr("; it took {time} to be sure.", { time });
  return `${said}${also}${took}`;
}

const STATUS = {
  PROVISIONAL: [
    tr("unconfirmed"),
    tr(
      "It was published at once. It will be confirmed, or taken back, when more reporters have spoken.",
    ),
  ],
  UPDATED: [tr("amended"), tr("Reporters changed it after it was first published.")],
  DELETED: [
    tr("taken back"),
    tr("Enough reporters said that it did not happen. It no longer counts."),
  ],
};

const RULED = {
  CONFIRMED: tr("ruled by the owner"),
  UPDATED: tr("amended by the owner"),
  DELETED: tr("taken back by the owner"),
};

const REVIEW = tr("The officials look at it once more.");

const REVIEWED = {
  upheld: [
    tr("stands after review"),
    tr("The officials looked at it once more, and it stands."),
  ],
  overturned: [
    tr("overturned after review"),
    tr("The officials looked at it once more, and took it back."),
  ],
  untold: [
    tr("outcome of the review not told"),
    tr("The officials looked at it once more, and nobody said what came of it."),
  ],
};

const DELAY = {
  DELAYED: [tr("late"), tr("It was seen live, but reported late.")],
  RECONSTRUCTED: [
    tr("reconstructed"),
    tr("It happened while contact with the venue was lost, and was put together afterwards."),
  ],
  RECONSTRUCTION_INACCURATE: [
    tr("doubtful"),
    tr("It was put together after contact was lost, and is known not to be quite right."),
  ],
};

/**
 * Return what is to be said about an entry beside its text.
 * @param {object} entry
 * @param {boolean} late it came after something that happened later
 * @param {number} behind milliseconds from the action to its entry; NaN where that says nothing
 * @param {string} reviewed what its review came to; empty before and without one
 * @returns {Array<{kind: string, word: string, why: string}>}
 */
export function marks(entry, late, behind = NaN, reviewed = "") {
  const found = [];
  // What is inaccurate, or reviewed, was published again to say so, not amended.
  const told = entry.delay_status === "RECONSTRUCTION_INACCURATE" || entry.review || reviewed;
  const ruled = entry.by ? RULED[entry.status] : "";
  const status = told && entry.status === "UPDATED" ? null : STATUS[entry.status];
  if (ruled) {
    const why = `${tr("The event's owner decided so.")} ${sentence(entry.reason)}`;
    found.push({ kind: entry.status.toLowerCase(), word: ruled, why });
  } else if (status) {
    const told = entry.status === "DELETED" && entry.reason && !entry.delay_status;
    const why = told ? tr("It no longer counts: {reason}.", { reason: entry.reason }) : status[1];
    found.push({ kind: entry.status.toLowerCase(), word: status[0], why });
  }
  if (entry.review) {
    const of = entry.review === "under review" ? "" : `: ${entry.review}`;
    found.push({ kind: "review", word: `${tr("under review")}${of}`, why: REVIEW });
  }
  if (reviewed)
    found.push({ kind: reviewed, word: REVIEWED[reviewed][0], why: REVIEWED[reviewed][1] });
  const delay = DELAY[entry.delay_status];
  if (delay) {
    const live = entry.delay_status === "DELAYED" && behind > 0;
    const said = live
      ? tr("It was seen live, but reported {time} late.", { time: span(behind / 1000) })
      : delay[1];
    const why = entry.reason ? `${said} ${sentence(entry.reason)}` : said;
    found.push({ kind: entry.delay_status.toLowerCase(), word: delay[0], why });
  } else if (late && entry.status !== "DELETED") {
    const why = tr("It was agreed on after something that happened later.");
    found.push({ kind: "late", word: tr("late"), why });
  }
  return found;
}

/** Return a clause as a sentence. */
export function sentence(text) {
  if (!text) return "";
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

/** Return what an outage came to. */
export function restoredText(message) {
  const { entries = 0, inaccurate = 0, confirmed = false, reason = "" } = message;
  let text = trn(
    "Contact is back: {n} entry put together",
    "Contact is back: {n} entries put together",
    entries,
  );
  if (inaccurate) text += tr(", {inaccurate} of them doubtful", { inaccurate });
  text += confirmed ? tr(", the score confirmed by reporters.") : tr(", the score not confirmed.");
  return reason ? `${text} ${sentence(reason)}` : text;
}

/** What each cause of silence means; {} is how long it has lasted. */
export const SILENCE = {
  venue_lost: [
    tr("Contact with the venue is lost"),
    tr(
      "Nobody there has been heard since {since}. What happens now will be put together when they are back.",
    ),
  ],
  reconstructing: [
    tr("Contact is back"),
    tr("What happened meanwhile is being put together; the score may change."),
  ],
  disagree: [
    tr("The reporters disagree"),
    tr("As many speak against an open claim as for it."),
  ],
  host_trouble: [
    tr("The host is in trouble"),
    tr("It can store nothing at present, so nothing is confirmed."),
  ],
  host_lost: [
    tr("No contact"),
    tr(
      "The computer that collects the reports can't be heard. The feed goes on when it, or another one, is back.",
    ),
  ],
  relay_lost: [
    tr("The relay is lost"),
    tr(
      "What brings the feed here can't be heard. The feed goes on when it, or another one, is back.",
    ),
  ],
  link_lost: [tr("The gateway is cut off"), tr("It can't hear where its feeds come from.")],
  silent: [tr("Nothing is heard of the host"), tr("The broker is being asked why.")],
  waiting: [tr("No host yet"), tr("Nobody collects reports on this event at present.")],
};

/** Return how far a claim has come: 2 of 3 say so, 1 against. */
export function progress({ for: voices = 0, against = 0, needed = 0 }) {
  const said = trn("{n} of {needed} says so", "{n} of {needed} say so", voices, { needed });
  return against ? tr("{said}, {against} against", { said, against }) : said;
}

const WHY_SCORE = {
  period: tr("A part of the match has just ended."),
  end: tr("Reporters say that the event is over."),
  over: tr("The event seemed to be over, but it goes on: something may have gone unreported."),
  request: tr("The event's owner asks for it."),
};

/**
 * Return why the host asks for the score, and the question.
 * @param {{why?: string, since: string, until: string}} asked
 */
export function scoreQuestion({ why = "", since, until }) {
  const [from, to] = [timeOfDay(since), timeOfDay(until)];
  const lost = tr("Contact was lost from {from} to {to}, by the match's clock.", { from, to });
  const reason = why ? (WHY_SCORE[why] ?? "") : lost;
  return `${reason} ${tr("What stands on the board now?")}`.trim();
}

/**
 * Return how long ago something was, as people say it; the time of day after an hour.
 * @param {string} time RFC 3339
 * @param {number} now milliseconds since 1970, on the same clock
 */
export function ago(time, now) {
  const minutes = Math.floor((now - Date.parse(time)) / 60_000);
  if (!(minutes < 60)) return timeOfDay(time);
  if (minutes < 1) return tr("just now");
  return trn("a minute ago", "{n} minutes ago", minutes);
}

/** What became of a report, by its state. */
export function fate(report) {
  switch (report.outcome) {
    case "kept":
      return tr("kept on this device");
    case "sending":
      return tr("on its way");
    case "taken":
      return tr("sent, waiting for the host");
    case "stored":
      if (report.about) return tr("stored, it counts");
      return report.needed
        ? tr("stored, {progress}", { progress: progress(report) })
        : tr("stored, waiting for others to say so");
    case "accepted":
      return tr("accepted");
    case "expired":
      return report.against
        ? tr("overruled: {n} said otherwise", { n: report.against })
        : tr("not accepted: too few others said so");
    case "refused":
      return report.reason
        ? tr("refused: {reason}", { reason: refusalText(report.code, report.reason) })
        : tr("refused");
    default:
      return report.outcome ?? "";
  }
}

/** Return a detail's or action's name as words: first_half gives first half. */
export function spaced(name) {
  return String(name).replaceAll("_", " ");
}

/** Return it with a capital. */
export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Return up to three letters that stand for a name: ARG, AR. */
export function monogram(name) {
  const parts = String(name)
    .trim()
    .split(/[\s-]+/u)
    .filter(Boolean);
  const letters =
    parts.length > 1
      ? parts.slice(0, 2).map((part) => [...part][0])
      : [...(parts[0] ?? "?")].slice(0, 3);
  return letters.join("").toUpperCase();
}

/** Return what a reporter is told of a clock that was set: forward where it is more than 0. */
export function stepWords(milliseconds) {
  const seconds = Math.round(Math.abs(milliseconds) / 1000);
  return milliseconds > 0
    ? trn(
        "Your clock was set forward by {n} second; the times of your reports are corrected.",
        "Your clock was set forward by {n} seconds; the times of your reports are corrected.",
        seconds,
      )
    : trn(
        "Your clock was set back by {n} second; the times of your reports are corrected.",
        "Your clock was set back by {n} seconds; the times of your reports are corrected.",
        seconds,
      );
}
