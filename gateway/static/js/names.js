// Names as people write them: which mean the same, and whom of a list they mean. The host reads them
// so (sports/names.py) and has the last word; here they are read to ask before a report is sent. Pure.

const APOSTROPHES = /['’‘ʼʻʹʾʿ`´′‛＇ꞌ]/gu;

/** Accents and points that who types leaves out; vowels of other scripts are letters. */
const ACCENTS =
  /[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\p{Cf}]/gu;

const LETTERS = { ø: "o", ł: "l", đ: "d", ð: "d", þ: "th", æ: "ae", œ: "oe", ı: "i", ħ: "h", ß: "ss", ς: "σ" };

/** The same letters, and others, as those write them who care to tell them apart. */
const TRANSCRIBED = { ä: "ae", ö: "oe", ü: "ue", ø: "oe", å: "aa", đ: "dj" };

/** What is typed one for the other in Arabic and Persian; the tatweel only makes words longer. */
const ARABIC = { ى: "ي", ی: "ي", ة: "ه", ک: "ك", "\u0640": "" };

const SHORT = { jr: "junior", jnr: "junior", sr: "senior", snr: "senior" };

/** The letters, doubled ones counted once, of a word in which one or two of a letter make no
 * difference: Lee is not Le. */
const LETTERS_DOUBLED = 5;

/** The letters of a name that may be said with one letter more or less, or two exchanged; with one
 * more it may be said with another letter: Pedro is not Pedri. */
const LETTERS_MISTYPED = 5;

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
 * @returns {{canonical: string, words: string[], number: string, spellings: string[][], exact: string[], capitals: Set<string>}}
 *   `spellings`: its words as they are written where the keyboard lacks a letter, the first without
 *   accents as `words`; `number`: the one on the shirt; `exact`: its words with their accents;
 *   `capitals`: two or three letters that can be initials, as they are written in capitals
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
  return { canonical: plain, words: spellings[0], number, spellings, exact, capitals: capitalsOf(whole) };
}

function capitalsOf(name) {
  const letters = name.match(/[\p{L}\p{M}\p{Nl}\p{No}]+/gu) ?? [];
  const upper = letters.filter((word) => word === word.toUpperCase() && word !== word.toLowerCase());
  if (upper.some((word) => [...word].length > 3)) return new Set(); // all of it is in capitals
  return new Set(upper.filter((word) => [...word].length > 1).map(canonical));
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
  return fitReadings(a, b) || fitLoosely(a, b);
}

function fitReadings(a, b) {
  if (a.canonical === b.canonical) return true;
  if (numbersDiffer(a, b)) return false;
  if (!a.words.length || !b.words.length) return a.number !== "" && a.number === b.number;
  const capitals = both(a, b);
  return a.spellings.some((x) => b.spellings.some((y) => fit(x, y, capitals)));
}

function numbersDiffer(a, b) {
  return a.number !== "" && b.number !== "" && a.number !== b.number;
}

function both(a, b) {
  return new Set([...a.capitals, ...b.capitals]);
}

function byLength(one, other) {
  return [one, other].sort((x, y) => x.length - y.length);
}

function fit(one, other, capitals) {
  return covered(...byLength(one, other)) || runTogether(one, other, capitals);
}

/** Return whether two names differ in blanks alone; the initials N. G. make no Ng. */
function runTogether(one, other, capitals) {
  const run = one.join("");
  if (run !== other.join("")) return false;
  const [few, many] = byLength(one, other);
  const initials = few.length === 1 && many.length > 1 && many.every(isInitial);
  return !initials || capitals.has(run);
}

/**
 * Return whether two names may be one in spellings that are in use side by side.
 * @param {object} a  a reading
 * @param {object} b  a reading
 * @param {boolean} beginnings  of the words of the second, those of the first can be beginnings
 */
function fitLoosely(a, b, beginnings = false) {
  if (numbersDiffer(a, b)) return false;
  const dotted = [a, b].flatMap(({ canonical: text }) => [...text.matchAll(/(\p{L}{2,4})\./gu)]);
  const short = new Set(dotted.map((match) => match[1]));
  const capitals = both(a, b);
  const shortens = (one, other) => {
    const [few, many] = byLength(one, other);
    return abbreviates(few, many) || (short.has(few) && many.startsWith(few));
  };
  const begins = (one, other) => shortens(one, other) || (one.length > 1 && other.startsWith(one));
  return looseSpellings(a).some((x) =>
    looseSpellings(b).some((y) => {
      let [one, other] = withoutInitials(joined(x, y), joined(y, x), capitals);
      [other, one] = withoutInitials(other, one, capitals);
      if (beginnings) return one.length <= other.length && covered(one, other, begins);
      return covered(...byLength(one, other), shortens);
    }),
  );
}

function looseSpellings(reading) {
  const found = reading.spellings.map((words) => words.map(loosely).filter(Boolean));
  return [...found, ...found.map((words) => words.map((word) => (word === "st" ? "saint" : word)))];
}

/** Return a canonical word as the spellings of it that are in use have it in common. */
function loosely(said) {
  let word = (SHORT[said] ?? said).replace(/[ىیةک\u0640]/gu, (letter) => ARABIC[letter]);
  word = word.replace(/(^|[^aeiou])([ou])e(?=[^aeiou])/gu, "$1$2");
  const single = word.replace(/([a-z])\1+/gu, "$1");
  if ([...single].length >= LETTERS_DOUBLED) word = single;
  return /^m[ou]ham[aeiu]d$/u.test(word) ? "mohamed" : word;
}

/** Return words with those run together that others write so: Heung Min and Heungmin. */
function joined(words, others) {
  const found = [];
  for (let at = 0, size; at < words.length; at += size) {
    const runs = [3, 2].filter((n) => at + n <= words.length && others.includes(words.slice(at, at + n).join("")));
    size = runs.find((n) => !words.slice(at, at + n).every(isInitial)) ?? 1;
    found.push(words.slice(at, at + size).join(""));
  }
  return found;
}

/** Return both without what the first gives the initials of: JP of Jean Paul. */
function withoutInitials(words, others, capitals) {
  for (const [place, word] of words.entries()) {
    const size = [...word].length;
    if (others.includes(word) || size < 2 || size > 3) continue;
    if (!capitals.has(word) && !/^[b-df-hj-np-tv-xz]+$/u.test(word)) continue;
    for (let first = 0; first + size <= others.length; first += 1) {
      const run = others.slice(first, first + size);
      if (run.map((one) => [...one][0]).join("") === word)
        return [words.filter((_, at) => at !== place), others.filter((_, at) => at < first || at >= first + size)];
    }
  }
  return [words, others];
}

/** Return whether a word differs in one letter from a name, and begins as it does. */
function isMistyped(said, meant) {
  const [few, many] = byLength([...said], [...meant]);
  const same = (one, other) => one.join("") === other.join("");
  if (same(few, many) || many.length < LETTERS_MISTYPED || few[0] !== many[0]) return false;
  let at = 0;
  while (at < few.length && few[at] === many[at]) at += 1;
  if (few.length < many.length) return same(few.slice(at), many.slice(at + 1));
  if (same(few.slice(at + 1), many.slice(at + 1))) return many.length > LETTERS_MISTYPED;
  return same([few[at], few[at + 1]], [many[at + 1], many[at]]) && same(few.slice(at + 2), many.slice(at + 2));
}

/** Return whether each of some words is one of a name's, one of them at least in full. */
function covered(few, many, shortens = abbreviates) {
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
    const at = rest.findIndex((one) => shortens(word, one));
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
  const capitals = both(own, said);
  const alike = (mine, words) => sorted(words) === sorted(mine) || runTogether(mine, words, capitals);
  return own.spellings.some((mine) => said.spellings.some((words) => alike(mine, words)));
}

function isMeant(own, said) {
  if (said.canonical === own.canonical) return true;
  if (!said.words.length) return said.number !== "" && said.number === own.number;
  if (numbersDiffer(said, own)) return false;
  const capitals = both(own, said);
  return said.spellings.some((words) => {
    const run = words.join("");
    if (!isInitial(run) && own.spellings.some((mine) => isRun(mine, words, capitals))) return true;
    return own.spellings.some((mine) => words.length <= mine.length && covered(words, mine));
  });
}

/** Return whether a name has some words in a row, in whatever way they are run together. */
function isRun(mine, words, capitals) {
  for (let from = 0; from < mine.length; from += 1)
    for (let to = from + 1; to <= mine.length; to += 1)
      if (runTogether(mine.slice(from, to), words, capitals)) return true;
  return false;
}

/** Return the name of a list that is meant where it can be but one, else an empty text. */
export function only(listed, said) {
  let found = fitting(listed, said);
  if (!found.length) found = listed.filter((name) => isMistypedName(read(name), read(said)));
  return found.length === 1 ? found[0] : "";
}

/** Return the names of a list that a said one is a form or a part of, else those of which it says more,
 * else those that it can mean in another spelling; of all of them no letter is wrong. */
export function fitting(listed, said) {
  const wanted = read(said);
  const fits = [
    (own) => fitReadings(own, wanted), // more was said than is listed: the first name, say
    (own) => fitLoosely(own, wanted),
    (own) => fitLoosely(wanted, own, true),
  ];
  let found = find(listed, said);
  for (const test of fits)
    if (!found.length) found = listed.filter((name) => read(name).words.length && test(read(name)));
  return found;
}

/** Return whether a said name is another, or a form of it, but for one letter of its surname. */
function isMistypedName(own, said) {
  if (numbersDiffer(own, said)) return false;
  return own.spellings.some((mine) =>
    (mine.length > 1 ? mine.slice(1) : mine).some((surname) =>
      said.spellings.some((words) =>
        words.some(
          (word, at) => isMistyped(word, surname) && covered(...byLength(words.map((one, n) => (n === at ? surname : one)), mine)),
        ),
      ),
    ),
  );
}
