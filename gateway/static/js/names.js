// Names as people write them: which mean the same, and whom of a list they mean. The host reads them
// so (sports/names.py) and has the last word; here they are read to ask before a report is sent. Pure.

const APOSTROPHES = /['’‘ʼʻʹʾʿ`´′‛＇ꞌ]/gu;

/** Accents and points that who types leaves out; vowels of other scripts are letters. */
const ACCENTS =
  /[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\p{Cf}]/gu;

const LETTERS = { ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", æ: "ae", œ: "oe", ı: "i", ħ: "h", ß: "ss", ς: "σ" };

/** The same letters, and others, as those write them who care to tell them apart. */
const TRANSCRIBED = { ä: "ae", ö: "oe", ü: "ue", ø: "oe", å: "aa", đ: "dj" };

/** What is said before the number on a shirt: No. 10, n° 10, № 10. */
const NUMBER_WORDS = new Set(["n", "no", "nr", "nro", "num", "number", "nummer", "numero"]);

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
 * @returns {{canonical: string, words: string[], number: string, spellings: string[][], exact: string[]}}
 *   `spellings`: its words as they are written where the keyboard lacks a letter, the first without
 *   accents as `words`; `number`: the one on the shirt; `exact`: its words with their accents
 */
export function read(name) {
  const whole = name.normalize("NFC");
  const plain = canonical(name);
  const transcribed = canonical(whole.replace(/[äöüøåđ]/giu, (letter) => TRANSCRIBED[letter.toLowerCase()]));
  let spellings = [...new Set([plain, transcribed])].map(partsOf);
  let exact = partsOf(whole.toLowerCase());
  const numbers = spellings[0].filter(isNumber);
  if (numbers.length === 1) {
    spellings = spellings.map(withoutNumbers);
    exact = withoutNumbers(exact);
  }
  const number = numbers.length === 1 ? numbers[0] : "";
  return { canonical: plain, words: spellings[0], number, spellings, exact };
}

function partsOf(text) {
  const found = [];
  for (const part of text.match(/[\p{L}\p{M}\p{Nl}\p{No}]+|\p{Nd}+/gu) ?? []) {
    while (isNumber(part) && NUMBER_WORDS.has(found.at(-1))) found.pop();
    found.push(part.replace(/^0+(?=\p{Nd})/u, ""));
  }
  return found;
}

function withoutNumbers(parts) {
  return parts.filter((part) => !isNumber(part));
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
  return a.spellings.some((x) => b.spellings.some((y) => fit(x, y)));
}

function fit(one, other) {
  const [few, many] = [one, other].sort((x, y) => x.length - y.length);
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
  let found = listed.filter((name) => isMeant(read(name), wanted));
  const better = [
    (own) => own.canonical === wanted.canonical,
    (own) => wanted.number !== "" && own.number === wanted.number,
    (own) => isWhole(own, wanted),
  ];
  for (const test of better) {
    const kept = found.filter((name) => test(read(name)));
    if (!kept.length) continue;
    found = kept;
    break;
  }
  return found.length > 1 ? speltBest(found, wanted) : found;
}

/** Return of several names those that are spelt as a said one is, where it says enough. */
function speltBest(found, said) {
  const alike = found.filter((name) => sorted(read(name).exact) === sorted(said.exact));
  if (alike.length || said.exact.join(" ") === said.words.join(" ")) return alike.length ? alike : found;
  const wanted = new Set(said.exact);
  const common = found.map((name) => [...new Set(read(name).exact)].filter((word) => wanted.has(word)).length);
  return found.filter((_, place) => common[place] === Math.max(...common));
}

function sorted(words) {
  return [...words].sort().join(" ");
}

/** Return whether a whole name is among those of a list. */
export function has(listed, said) {
  return listed.some((name) => isWhole(read(name), read(said)));
}

function isWhole(own, said) {
  if (!said.words.length) return false;
  const alike = (mine, words) => words.join("") === mine.join("") || sorted(words) === sorted(mine);
  return own.spellings.some((mine) => said.spellings.some((words) => alike(mine, words)));
}

function isMeant(own, said) {
  if (said.canonical === own.canonical) return true;
  if (!said.words.length) return said.number !== "" && said.number === own.number;
  if (said.number && own.number && said.number !== own.number) return false;
  return said.spellings.some((words) => {
    const run = words.join("");
    if (!isInitial(run) && own.spellings.some((mine) => runs(mine).has(run))) return true;
    return own.spellings.some((mine) => words.length <= mine.length && covered(words, mine));
  });
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
