// What people read, in the language of the page. The gateway puts the texts of that language in place
// of the English ones where `tr` and `trn` name them (runtime/languages/markup.py). Pure.

/** The language of the page, as BCP 47 names it. */
export const LANGUAGE = globalThis.document?.documentElement.lang || "en";

/** CLDR's categories of plurals, in the order in which catalogues have their forms. */
const CATEGORIES = ["zero", "one", "two", "few", "many", "other"];

let plurals = null;

/**
 * Return a text with values in it.
 * @param {string} text with `{name}` where a value goes
 * @param {object} [values] by name
 */
export function tr(text, values) {
  return values ? text.replaceAll(/\{(\w+)\}/g, (all, name) => values[name] ?? all) : text;
}

/**
 * Return what is counted, in the form of the number.
 * @param {string|string[]} one with `{n}` where the number goes; or all forms
 * @param {string} many of any other number
 * @param {number} n
 * @param {object} [values] further ones, by name
 */
export function trn(one, many, n, values) {
  const forms = Array.isArray(one) ? one : [one, many];
  plurals ??= new Intl.PluralRules(LANGUAGE);
  const { pluralCategories } = plurals.resolvedOptions();
  const known = CATEGORIES.filter((name) => pluralCategories.includes(name));
  const place = Math.min(known.indexOf(plurals.select(n)), forms.length - 1);
  return tr(forms[place], { n: number(n), ...values });
}

/** Return a number as the language writes it, with as many digits behind the point as asked for. */
export function number(value, digits = 0) {
  const about = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(LANGUAGE, about).format(value);
}
