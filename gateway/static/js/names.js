// Names as people write them: which mean the same, and whom of a list they mean. The host reads them
// so (sports/names.py) and has the last word; here they are read to ask before a report is sent. Pure.

const APOSTROPHES = /['’‘ʼʻʹʾʿ`´′‛＇ꞌ]/gu;

/** Accents and points that who types leaves out; vowels of other scripts are letters. */
const ACCENTS =
  /[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\p{Cf}]/gu;

const LETTERS = { ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", æ: "ae", œ: "oe", ı: "i", ħ: "h", ß: "ss", ς: "σ" };

/** Return a text without case, accents, apostrophes, spare blanks and what can't be seen. */
export function canonical(text) {
  const plain = text.normalize("NFD").replace(APOSTROPHES, "").normalize("NFKD").toLowerCase();
  return plain
    .normalize("NFKD")
    .replace(APOSTROPHES, "")
    .replace(/[øłđðþæœıħßς]/gu, (letter) => LETTERS[letter])
    .replace(ACCENTS, "")
    .trim()
    .replace(/\s+/gu, " ");
}

/**
 * Return how a name is read.
 * @param {string} name
 * @returns {{canonical: string, words: string[], number: string}} `number`: the one on the shirt
 */
export function read(name) {
  const plain = canonical(name);
  const parts = (plain.match(/[\p{L}\p{M}\p{Nl}\p{No}]+|\p{Nd}+/gu) ?? []).map((part) =>
    part.replace(/^0+(?=\p{Nd})/u, ""),
  );
  const numbers = parts.filter(isNumber);
  if (numbers.length !== 1) return { canonical: plain, words: parts, number: "" };
  return { canonical: plain, words: parts.filter((part) => !isNumber(part)), number: numbers[0] };
}

function isNumber(part) {
  return /^\p{Nd}/u.test(part);
}

/** Return whether two names of one side may be those of one person, as far as they say. */
export function mayBeSame(one, other) {
  const [a, b] = [read(one), read(other)];
  if (a.canonical === b.canonical) return true;
  if (a.number && b.number && a.number !== b.number) return false;
  if (!a.words.length || !b.words.length) return a.number !== "" && a.number === b.number;
  const [few, many] = [a.words, b.words].sort((x, y) => x.length - y.length);
  return covered(few, many) || few.join("") === many.join("");
}

/** Return whether each of some words is one of a name's, one of them at least in full. */
function covered(few, many) {
  const rest = [...many];
  const open = [];
  let whole = false;
  const take = (at) => rest.splice(at, 1);
  for (const word of few) {
    const at = rest.indexOf(word);
    if (at < 0) open.push(word);
    else take(at);
    whole ||= at >= 0 && !isInitial(word);
  }
  for (const word of open) {
    const at = rest.findIndex((one) => abbreviates(word, one));
    if (at < 0) return false;
    take(at);
  }
  return whole;
}

/** Return whether a word is an initial; a single letter can be a whole name in Chinese. */
function isInitial(word) {
  return [...word].length === 1 && word.toUpperCase() !== word;
}

function abbreviates(one, other) {
  const [short, long] = [one, other].sort((x, y) => x.length - y.length);
  return isInitial(short) && long.startsWith(short);
}

/**
 * Return the names of a list that a said one is a form or a part of.
 * @param {string[]} listed
 * @param {string} said
 * @returns {string[]}
 */
export function find(listed, said) {
  const wanted = read(said);
  const found = listed.filter((name) => isMeant(read(name), wanted));
  const better = [
    (own) => own.canonical === wanted.canonical,
    (own) => wanted.number !== "" && own.number === wanted.number,
    (own) => isWhole(own, wanted),
  ];
  for (const test of better) {
    const kept = found.filter((name) => test(read(name)));
    if (kept.length) return kept;
  }
  return found;
}

/** Return whether a whole name is among those of a list. */
export function has(listed, said) {
  return listed.some((name) => isWhole(read(name), read(said)));
}

function isWhole(own, said) {
  if (!said.words.length) return false;
  const sorted = (words) => [...words].sort().join(" ");
  return said.words.join("") === own.words.join("") || sorted(said.words) === sorted(own.words);
}

function isMeant(own, said) {
  if (said.canonical === own.canonical) return true;
  if (!said.words.length) return said.number !== "" && said.number === own.number;
  if (said.number && own.number && said.number !== own.number) return false;
  const run = said.words.join("");
  if (runs(own.words).has(run) && !isInitial(run)) return true;
  return said.words.length <= own.words.length && covered(said.words, own.words);
}

function runs(words) {
  const found = new Set();
  for (let from = 0; from < words.length; from += 1)
    for (let to = from + 1; to <= words.length; to += 1) found.add(words.slice(from, to).join(""));
  return found;
}

/** Return the name of a list that is meant where it can be but one, else an empty text. */
export function only(listed, said) {
  let found = find(listed, said);
  if (!found.length)
    found = listed.filter((name) => read(name).words.length && mayBeSame(name, said));
  return found.length === 1 ? found[0] : "";
}
