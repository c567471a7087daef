// The tables of a competition, from its finished events.

import { el } from "./dom.js";
import { tr, trn } from "./texts.js";

/** The columns of figures: the letter, the words, the figure of a row, and whether it is small. */
const COLUMNS = [
  [tr("P"), tr("Played"), (row) => row.played],
  [tr("W"), tr("Won"), (row) => row.won],
  [tr("D"), tr("Drawn"), (row) => row.drawn],
  [tr("L"), tr("Lost"), (row) => row.lost],
  [tr("+/−"), tr("Difference"), (row) => signed(row.scored - row.conceded)],
  [tr("Pts"), tr("Points"), (row) => row.points],
];

/** Return a section with the tables of a competition; null where nothing is counted. */
export function standings({ competition, tables, unknown, older }) {
  if (!tables.length) return null;
  const notes = [
    unknown &&
      trn("{n} result is not known here now.", "{n} results are not known here now.", unknown),
    older && tr("Older results are not counted."),
  ].filter(Boolean);
  return [
    tables.map((one) => [
      el("h2", {}, tables.length > 1 ? `${competition} · ${one.text}` : competition),
      table(one),
    ]),
    notes.length > 0 && el("p.quiet-words", {}, notes.join(" ")),
  ];
}

function table({ rows }) {
  const drawn = rows.some((row) => row.drawn || row.points !== null);
  const columns = COLUMNS.filter(
    ([, words]) =>
      (words !== tr("Drawn") || drawn) && (words !== tr("Points") || rows[0].points !== null),
  );
  const counts = rows[0].points === null ? tr("Won") : tr("Points");
  return el(
    "table.standings",
    {},
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", { scope: "col" }, el("span.visually-hidden", {}, tr("Place"))),
        el("th", { scope: "col" }, tr("Side")),
        columns.map(([letter, words]) =>
          el("th.number", { scope: "col" }, el("abbr", { title: words }, letter)),
        ),
      ),
    ),
    el(
      "tbody",
      {},
      rows.map((row) =>
        el(
          "tr",
          {},
          el("td.number", {}, row.place),
          el("th", { scope: "row" }, row.side),
          columns.map(([, words, figure]) =>
            el(words === counts ? "td.number.counts" : "td.number", {}, figure(row)),
          ),
        ),
      ),
    ),
  );
}

function signed(number) {
  return number > 0 ? `+${number}` : number < 0 ? `−${-number}` : "0";
}
