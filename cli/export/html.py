"""A whole event as one page of HTML, which holds its own style and drawings, and needs no script
and no network. All text from the network is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from ... import gateway, sports
from ...protocol.messages import Card, Entry, FeedMessage
from ...protocol.text import plain
from ...protocol.times import SECOND
from ...sports.capabilities import PlayerRecord, TeamSheet
from ...sports.presentation import Presentation, ScoreLayout
from ...timeline.rows import EntryRow, Remark
from ...timeline.texts import (
    ENDED,
    clock_of,
    ending_text,
    evidence_of,
    interrupted_text,
    span,
    unconfirmed_text,
)
from ...timeline.view import LiveView
from . import svg

STYLES = ("base.css", "event.css", "feed.css")
"""The styles of the gateway's pages, so that the exported page looks like them."""

TIMED = 6
"""The characters of the longest match clock; what is longer is a time of day, or words."""

EXTRA = """
.timeline-pane .line { grid-template-columns: 4.4em minmax(0, 1fr) auto; }
.timeline-pane .when { white-space: normal; }
.hero .headline { margin-top: 14px; font-size: clamp(1.5rem, 1.1rem + 2.5vw, 2.75rem);
  font-weight: 740; letter-spacing: -0.025em; line-height: 1.15; }
.outage-line { grid-template-columns: minmax(0, 1fr); }
.outage-line p { grid-column: 1; }
.chart-pane .chart { overflow-x: auto; }
.chart-pane > .chart svg[viewBox^="0 0 1000"] { min-width: 640px; }
.foot { margin-top: var(--gap); color: var(--quiet); font-size: 0.8125rem; }
.foot code { font-family: var(--figures); }
@media print { .hero, .bar { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""

FIRST = 3
"""So many of many sides stand above the page."""

WHY = {
    "LATE": "It was agreed on after something that happened later.",
    "REVIEW": "The officials look at it once more.",
    "REVIEWED": "The officials looked at it once more, and have decided.",
    "PROVISIONAL": "It was published at once, and too few reporters said so to confirm it.",
    "UPDATED": "Reporters changed it after it was first published.",
    "DELETED": "Enough reporters said that it did not happen. It does not count.",
    "DELAYED": "It was seen live, but reported late.",
    "RECONSTRUCTED": "It happened while contact with the venue was lost, and was reconstructed"
    " afterwards.",
    "RECONSTRUCTION_INACCURATE": "It was reconstructed after contact was lost, and is known not to"
    " be quite right.",
}
"""The explanation of each kind of mark."""

STATES = {
    "venue_lost": "Suspended: contact with the venue was lost",
    "reconstructing": "Suspended: an outage was being reconstructed",
}
"""The state of the feed at its export."""


def page(card: Card, messages: Sequence[FeedMessage], wall: int, *, digest: str = "") -> str:
    """Return the page.

    Args:
        card: the event.
        messages: all messages of its feed.
        wall: when the page is made, microseconds since 1970 UTC.
        digest: over the feed, in hex; empty where it is not known.
    """
    view = LiveView(card)
    for message in messages:
        view.take(message, 0.0, wall)
    score = view.fold.score
    shown = sports.presentation_of(card.sport, card.rules)
    title = escape(plain(card.title))
    body = [
        '<header class="bar"><span class="brand">Touchline</span></header>',
        '<main><section class="hero" aria-label="Score"><div class="hero-inner">',
        _hero(view, shown, score),
        "</div></section>",
        '<div class="wrap">',
        _ending(view),
        _chart("The match", svg.match(view, shown)),
        '<div class="columns">',
        _timeline(view),
        '<div class="beside">',
        _sport(view, shown, score),
        _chart("How the crowd agreed", svg.agreement(view)),
        _facts(view, messages),
        "</div></div>",
        _foot(view, messages, wall, digest),
        "</div></main>",
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\';'
        " style-src 'unsafe-inline'\">\n"
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{title}</title>\n<style>\n{_style()}</style>\n</head>\n"
        f'<body class="event-page" data-tab="all">\n{chr(10).join(body)}\n</body>\n</html>\n'
    )


def _style() -> str:
    folder = Path(gateway.__file__).parent / "static" / "css"
    return "\n".join((folder / name).read_text("utf-8") for name in STYLES) + EXTRA


def _text(words: str) -> str:
    return escape(plain(words))


# ── the score ────────────────────────────────────────────────────────────────────────────────


def _hero(view: LiveView, shown: Presentation, score: dict[str, object]) -> str:
    card, layout = view.card, shown.score
    ending = view.fold.ending
    state = STATES.get(view.state, "As far as it was known")
    if ending is not None:
        state = _text(ENDED[ending.how])
    elif view.fold.interrupted is not None:
        state = _text(interrupted_text(view.fold.interrupted))
    above = (
        f'<div class="above"><h1>{_text(shown.text)} · {_text(card.title)}</h1>'
        f'{_unconfirmed(view)}<span class="pill">{state}</span></div>'
    )
    if layout.kind == "sets" and len(card.origins) == 2:
        return above + _sets(view, layout, score)
    counts = score.get(layout.counts)
    if layout.kind == "sides" and len(card.origins) == 2 and isinstance(counts, dict):
        return above + _versus(view, layout, score, counts)
    first = _leaders(shown, score)[:FIRST]
    if not first:
        return f'{above}<p class="headline">{_text(view.headline)}</p>'
    rows = "".join(
        f'<li><span class="place">{_text(place or "–")}</span><span>{_text(name)}</span>'
        f"<span>{_text(figure)}</span></li>"
        for place, name, figure in first
    )
    return (
        f'{above}<p class="visually-hidden">{_text(view.headline)}</p>'
        f'<ol class="podium">{rows}</ol>'
    )


def _leaders(shown: Presentation, score: dict[str, object]) -> list[tuple[str, str, str]]:
    """Return the place, the name and the figure of each of many sides, the first first."""
    table = shown.score.table
    ranks = score.get(table.rows) if table.rows else None
    if isinstance(ranks, list):
        rows = [row for row in ranks if isinstance(row, dict)]
        return [
            (str(row.get("place") or ""), str(row.get(table.who, "")), _time_taken(row))
            for row in rows
        ]
    counts = score.get(shown.score.counts)
    if not isinstance(counts, dict):
        return []
    numbers = [(str(side), of) for side, of in counts.items() if isinstance(of, int | float)]
    ranked = sorted(numbers, key=lambda one: -one[1])
    figures = [of for _, of in ranked]
    return [(str(figures.index(of) + 1), side, f"{of:g}") for side, of in ranked]


def _ending(view: LiveView) -> str:
    """Return how the event ended, where it was not played to its end; else empty."""
    ending = view.fold.ending
    if ending is None or not (ending.how or ending.reason):
        return ""
    return f'<div class="banner"><div><strong>{_text(ending_text(ending))}</strong></div></div>'


def _unconfirmed(view: LiveView) -> str:
    entry = view.unconfirmed
    return (
        "" if entry is None else f'<span class="pill warn">{_text(unconfirmed_text(entry))}</span>'
    )


def _versus(
    view: LiveView, layout: ScoreLayout, score: dict[str, object], counts: dict[str, object]
) -> str:
    one, two = view.card.origins
    extra = score.get(layout.extra)
    under = ""
    if isinstance(extra, dict):
        pair = f"{extra.get(one, 0)}–{extra.get(two, 0)}"
        under = f'<p class="under-figures">{_text(layout.extra_text.format(pair))}</p>'
    figures = [_text(str(counts.get(side, 0))) for side in (one, two)]
    return (
        f'<p class="visually-hidden">{_text(view.headline)}</p><div class="sides">'
        f'<div class="side home"><span class="name">{_text(one)}</span></div>'
        f'<div class="result-figures"><p class="figures">{figures[0]}<span class="dash">–</span>'
        f"{figures[1]}</p>{under}</div>"
        f'<div class="side away"><span class="name">{_text(two)}</span></div></div>'
    )


def _sets(view: LiveView, layout: ScoreLayout, score: dict[str, object]) -> str:
    previous = score.get(layout.sets)
    # A host may send any value: only a pair of numbers is a set.
    sets = [each for each in previous if _is_pair(each)] if isinstance(previous, list) else []
    columns = () if score.get("winner") else layout.columns
    heads = [f"{layout.set_text} {number}" for number in range(1, len(sets) + 1)]
    heads += [column.text for column in columns]
    rows = []
    for at, side in enumerate(view.card.origins):
        cells = [
            f'<td class="{"won" if games[at] > games[1 - at] else ""}">{_text(str(games[at]))}'
            f"{_lost_with(score.get(layout.small), number, games, at)}</td>"
            for number, games in enumerate(sets)
        ]
        for column in columns:
            pair = score.get(column.key)
            now = pair.get(side, 0) if isinstance(pair, dict) else 0
            cells.append(f'<td class="now">{_text(str(now))}</td>')
        won = "✓ " if score.get("winner") == side else ""
        rows.append(f'<tr><th scope="row">{won}{_text(side)}</th>{"".join(cells)}</tr>')
    head = "".join(f'<th scope="col">{_text(name)}</th>' for name in heads)
    return (
        f'<table class="scoreboard"><caption class="visually-hidden">{_text(view.headline)}'
        f"</caption><thead><tr><td></td>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )


def _lost_with(small: object, number: int, games: list[int], at: int) -> str:
    """Return the points with which a side lost the tie-break of a set, small; empty without one."""
    pair = small[number] if isinstance(small, list) and number < len(small) else None
    if games[at] >= games[1 - at] or not _is_pair(pair):
        return ""
    return f"<sup>{_text(str(pair[at]))}</sup>"  # type: ignore[index]  # a pair, as just seen


def _is_pair(games: object) -> bool:
    return (
        isinstance(games, list) and len(games) == 2 and all(isinstance(each, int) for each in games)
    )


# ── what happened ────────────────────────────────────────────────────────────────────────────


def _timeline(view: LiveView) -> str:
    rows = []
    before = ""
    for row in reversed(list(view.rows())):
        if isinstance(row, Remark):
            rows.append(_remark(row))
            continue
        score = before if row.entry.status == "DELETED" else _short(view.card, row.entry)
        rows.append(_entry(row, score if score != before else ""))
        before = score
    lines = f'<ol class="lines">{"".join(rows)}</ol>' if rows else "<p>Nothing was reported.</p>"
    return f'<section class="pane timeline-pane"><h2>What happened</h2>{lines}</section>'


def _short(card: Card, entry: Entry) -> str:
    """Return the score after an entry without the names of the two sides; empty where there are
    not two."""
    if len(card.origins) != 2:
        return ""
    words = entry.headline
    for name in sorted(card.origins, key=len, reverse=True):
        words = words.replace(name, "", 1)
    return " ".join(words.split())


def _entry(row: EntryRow, score: str) -> str:
    entry = row.entry
    marks = list(_marks(row))
    tags = "".join(f' <span class="tag {kind}">{_text(word)}</span>' for kind, word, _ in marks)
    whys = "".join(f'<p class="why">{_text(why)}</p>' for *_, why in marks if why)
    deleted = " deleted" if entry.status == "DELETED" else ""
    when = clock_of(entry)
    timed = " timed" if len(when) > TIMED else ""
    return (
        f'<li class="line{deleted}{timed}"><span class="when">{_text(when)}</span><div>'
        f'<p class="what">{_text(entry.text or entry.title)}</p>'
        f'<p class="sure">{_text(evidence_of(entry))}{tags}</p>{whys}</div>'
        f'<span class="then">{_text(score)}</span></li>'
    )


def _marks(row: EntryRow) -> Iterator[tuple[str, str, str]]:
    """Yield the marks of an entry as (kind, word, explanation)."""
    reason, marks = row.entry.reason, row.marks
    for kind, word in marks:
        why = WHY[kind]
        if (kind, word) == marks[-1] and reason:
            why += f" {reason[:1].upper()}{reason[1:]}."
        yield kind.lower(), word, why


def _remark(remark: Remark) -> str:
    kind = "outage-line open" if remark.kind == "alarm" else "outage-line"
    clock = f"<strong>{_text(remark.clock)}</strong>"
    return f'<li class="{kind}"><p>{clock} {_text(remark.text)}</p></li>'


# ── beside the timeline ──────────────────────────────────────────────────────────────────────


def _sport(view: LiveView, shown: Presentation, score: dict[str, object]) -> str:
    table = shown.score.table
    if table.rows or len(view.card.origins) != 2:
        ranked = _leaders(shown, score)
        if ranked:
            return _table(table.title, ("", table.name, table.figure), ranked)
    sides = _sheet(view) or {
        origin: [f"<li>{_text(name)}</li>" for name in names]
        for origin, names in view.card.lineups.items()
    }
    if not any(sides.values()):
        return ""
    teams = "".join(
        f'<section><h3>{_text(origin)}</h3><ul class="players">{"".join(names)}</ul></section>'
        for origin, names in sides.items()
    )
    return f'<section class="pane"><h2>Line-ups</h2><div class="teams">{teams}</div></section>'


def _sheet(view: LiveView) -> dict[str, list[str]]:
    """Return the people of each side by the timeline; empty where the sport has no team sheets."""
    name = view.card.sport
    sport = sports.get(name) if view.play is not None and name in sports.list() else None
    if sport is None or not isinstance(sport, TeamSheet):
        return {}
    sides = sport.players(view.play)
    return {origin: [_player(record) for record in people] for origin, people in sides.items()}


def _player(record: PlayerRecord) -> str:
    goals = f' <span class="stars" title="goals">{"*" * len(record.goals)}</span>'
    off = record.left or record.sent_off is not None
    notes = [
        word
        for word, said in (
            ("yellow card", record.booked and record.sent_off is None),
            ("red card", record.sent_off is not None),
            ("went off", record.left),
        )
        if said
    ]
    note = f' <span class="minute">({", ".join(notes)})</span>' if notes else ""
    name = _text(record.name)
    kind = "off" if off else ""
    return f'<li class="{kind}"><span>{name}</span>{goals if record.goals else ""}{note}</li>'


def _time_taken(row: dict[str, object]) -> str:
    seconds = row.get("time")
    if not isinstance(seconds, int | float):
        return str(row.get("at") or row.get("status", ""))
    hours, rest = divmod(seconds, 3_600)
    minutes, rest = divmod(rest, 60)
    tail = f"{rest:06.3f}".rstrip("0").rstrip(".")
    if hours:
        return f"{hours:.0f}:{minutes:02.0f}:{tail}"
    return f"{minutes:.0f}:{tail}" if minutes else f"{rest:.3f}".rstrip("0").rstrip(".")


def _table(title: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    head = "".join(f'<th scope="col">{name}</th>' for name in heads)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{_text('' if cell is None else str(cell))}</td>" for cell in row)
        + "</tr>"
        for row in rows
    )
    return (
        f'<section class="pane"><h2>{title}</h2><table class="leaders"><thead><tr>{head}</tr>'
        f"</thead><tbody>{body}</tbody></table></section>"
    )


def _chart(title: str, drawing: str) -> str:
    if not drawing:
        return ""
    return (
        f'<section class="pane chart-pane"><h2>{title}</h2><div class="chart">{drawing}</div>'
        "</section>"
    )


def _facts(view: LiveView, messages: Sequence[FeedMessage]) -> str:
    entries = [row.entry for row in view.fold.standing]
    delays = [entry.delay_status for entry in entries]
    facts = [
        ("Entries", str(len(entries))),
        ("Came late", str(delays.count("DELAYED"))),
        ("Reconstructed", str(delays.count("RECONSTRUCTED"))),
        ("Known to be inaccurate", str(delays.count("RECONSTRUCTION_INACCURATE"))),
        ("Taken back", str(len(view.fold.rows) - len(entries))),
        ("Time to agree, in the median", _median(entries)),
        ("Messages on the feed", str(len(messages))),
    ]
    rows = "".join(f"<dt>{name}</dt><dd>{_text(value)}</dd>" for name, value in facts)
    return f'<section class="pane"><h2>In figures</h2><dl class="facts">{rows}</dl></section>'


def _median(entries: Sequence[Entry]) -> str:
    found = sorted(entry.evidence.latency_ms for entry in entries)
    return span(found[len(found) // 2] / 1_000) if found else "–"


def _foot(view: LiveView, messages: Sequence[FeedMessage], wall: int, digest: str) -> str:
    made = datetime.fromtimestamp(wall // SECOND, UTC).strftime("%Y-%m-%d %H:%M UTC")
    feed = f"event {view.card.event}, seq {messages[-1].seq if messages else 0}"
    proof = f", digest <code>{_text(digest)}</code>" if digest else ""
    return (
        f'<p class="foot">Exported {made} from {_text(feed)}{proof}. “5 of 6, 0.8 s” means: five of'
        " the six reporters present said so, and it was certain 0.8 s after the first of them.</p>"
    )
