// What an official record says afterwards: how right the timeline was, and one's own reports.

import { el, fill } from "./dom.js";
import { tr, trn } from "./texts.js";

async function asked(path, name) {
  try {
    const answer = await fetch(path, { credentials: "same-origin", cache: "no-store" });
    return answer.ok ? ((await answer.json())[name] ?? null) : null;
  } catch {
    return null; // without a connection the page does without it
  }
}

/** Return how right the timeline of an event was; null where it was not graded. */
export function accuracyOf(event) {
  return asked(`/api/events/${encodeURIComponent(event)}/accuracy`, "accuracy");
}

/** Return how the reports of the person who is signed in were; null where they were not graded. */
export function ownGradeOf(event) {
  return asked(`/api/events/${encodeURIComponent(event)}/grade`, "grade");
}

/** Return the accuracy as pairs of a name and what it is. */
export function accuracyFacts(found) {
  const { decides, rest, published, official, votes, reporters, grader } = found;
  const words = (found) => tr("{right} right, {wrong} wrong, {missed} missed", found);
  return [
    [tr("What decides the score"), words(decides)],
    [tr("The rest"), words(rest)],
    [
      tr("Score"),
      published === official
        ? tr("{official}, as published", { official })
        : tr("{official}, not {published}", { official, published }),
    ],
    [
      tr("Graded"),
      tr("{votes} of {reporters}, by {grader}", {
        votes: trn("{n} vote", "{n} votes", votes),
        reporters: trn("{n} reporter", "{n} reporters", reporters),
        grader,
      }),
    ],
  ];
}

/** Return one's own grade in a sentence. */
export function gradeWords({ decides, rest }) {
  const words = ({ hits, misses, false_claims: wrong }) =>
    tr("{hits} of {all} reported, {wrong} that did not happen", { hits, all: hits + misses, wrong });
  return tr("By the official record: of what decides the score {decides}; of the rest {rest}.", {
    decides: words(decides),
    rest: words(rest),
  });
}

/** Draw the accuracy of the timeline; hidden where it was not graded. */
export function drawAccuracy(root, found) {
  root.hidden = !found;
  if (!found) return;
  const facts = accuracyFacts(found).map(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]);
  fill(root, el("h2", {}, tr("By the official record")), el("dl.facts", {}, facts));
}
