"""The first state of a page as HTML, which is read without a script. Pure.

The scripts draw the same again over it, with the same classes, so that nothing moves
(`gateway/static/js/score_header.js`, `timeline.js`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from urllib.parse import quote

import msgspec

from ..protocol.errors import TouchlineError
from ..protocol.messages import Card, Entry
from ..protocol.times import SECOND, to_rfc3339
from ..runtime.languages import LANGUAGES, SOURCE, current, mark, tr
from ..sports.presentation import Drawing, ScoreLayout, Shape
from ..timeline import wording
from ..timeline.looks import Shown, pair, score_line, shown
from ..timeline.rows import EntryRow
from ..timeline.texts import ENDED, clock_of, short_clock
from .competitions import CompetitionSchema, TableSchema
from .feed.channel import SNAPSHOT_ENTRIES, Channel

WHOLE = 1_000
"""A page has all entries of an event of no more, and can say who scored (`js/event.js`)."""

PODIUM = 3
"""The rows that the head shows of a contest of many."""

TONES = {
    "": 'fill="none"',
    "solid": 'stroke="none" fill="currentColor"',
    "yellow": 'class="yellow"',
    "red": 'class="red"',
}

STATUS = {"scheduled": mark("To come"), "live": mark("Live"), "finished": mark("Over")}


def status_text(card: Card) -> str:
    """Return how an event stands, where its score is not known."""
    return tr(STATUS.get(card.status, ""))


def organise() -> str:
    """Return what a gateway that lets people organise events has at the end of its start page."""
    text = escape(tr("Organise an event"))
    return f'<footer class="foot"><a href="/organise">{text}</a></footer>'


def data(name: str, value: object) -> str:
    """Return values for the page's script. A browser runs nothing of it, and no text ends it.

    Args:
        name: the id of the element.
        value: JSON values.
    """
    text = msgspec.json.encode(value).decode().replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{text}</script>'


def feed_link(event: str) -> str:
    """Return where readers of feeds find the entries of an event."""
    path = f"/rss/events/{escape(event)}?lang={current()}"
    title = escape(tr("Entries"))
    return f'<link rel="alternate" type="application/rss+xml" title="{title}" href="{path}">\n'


def head(title: str, description: str, base: str, image: str) -> str:
    """Return what other programs show of a page: a link in a chat, a result of a search.

    Args:
        title, description: in words.
        base: the address of the gateway, with a slash at the end.
        image: the path of a picture.
    """
    about = {
        "og:type": "website",
        "og:site_name": "Touchline",
        "og:title": title,
        "og:description": description,
        "og:image": base.rstrip("/") + image,
        "twitter:card": "summary",
    }
    tags = "".join(
        f'<meta property="{name}" content="{escape(text)}">\n' for name, text in about.items()
    )
    return f'{tags}<meta name="description" content="{escape(description)}">\n'


# ── one event ────────────────────────────────────────────────────────────────────────────────


class EventMarkup:
    """An event as its page shows it before any script runs.

    Args:
        channel: the event.
        wall: microseconds since 1970 UTC.
    """

    def __init__(self, channel: Channel, wall: int) -> None:
        self._wall = wall
        self._channel = channel
        self._card = channel.card
        self._presentation = wording.presentation(self._card.sport, self._card.rules)
        self._kinds = _kinds(self._card)

    @property
    def title(self) -> str:
        """The score as the title of the window."""
        layout = self._presentation.score
        score = pair(self._channel.score, layout.counts, self._card.origins)
        if self._begun and layout.kind == "sides" and score:
            home, away = self._card.origins
            return f"{home} {score} {away}"
        return (self._begun and self.headline) or self._card.title

    @property
    def headline(self) -> str:
        """The score in a line."""
        return self.line_of(self._channel.score) or self._channel.headline

    def line_of(self, score: Mapping[str, object]) -> str:
        """Return a score in a line that reads in every language; empty where it says nothing."""
        return score_line(score, self._presentation.score, self._card.origins)

    @property
    def description(self) -> str:
        """The event in a sentence or two."""
        sport = self._presentation.text
        rows = self._channel.newest(1)
        if rows and self._channel.finished:
            return f"{sport} · {self._state()[0]}. {self.headline}"
        if rows:
            entry = rows[-1].entry
            what = f"{clock_of(entry)} {self._shown(entry).title}".strip()
            return tr("{sport}, live. {what}", sport=sport, what=what)
        card = self._card
        known = (sport, day(card.starts), card.venue, card.competition, card.round)
        about = ", ".join(filter(None, known))
        return tr("{about}. Reported by the people who are there.", about=about)

    @property
    def _ahead(self) -> bool:
        """Whether it starts later than now."""
        return self._card.starts > self._wall

    @property
    def _begun(self) -> bool:
        return bool(self._channel.total) or self._channel.finished

    def hero(self) -> str:
        """Return the head of the page: the score, and what else everybody asks for first."""
        layout = self._presentation.score
        sides = self._card.origins
        if len(sides) != 2 or layout.kind == "leaderboard":
            score = self._podium(layout)
        elif layout.kind == "sets":
            score = self._sets(layout)
        else:
            score = self._versus(layout)
        below = ""
        if layout.kind != "sides" and self._presentation.clock.kind != "none":
            below = '<p class="below-podium"><span class="clock"></span><span></span></p>'
        parts = [self._above(), self._when(), score, self._notes(), below]
        return f'{_ground(layout)}<div class="hero-inner">{"".join(parts)}</div>'

    def banner(self) -> str:
        """Return why the feed is silent, where contact with the venue is lost."""
        if self._channel.summary()["state"] != "suspended" or self._channel.finished:
            return ""
        lost = tr(
            "Nobody there is heard. What happens now will be put together when they are back."
        )
        return (
            '<span class="since" aria-hidden="true"></span><div><strong>'
            f"{escape(tr('Contact with the venue is lost'))}</strong><p>{escape(lost)}</p></div>"
        )

    def _above(self) -> str:
        text, kind = self._state()
        dot = '<span class="live-dot beating" aria-hidden="true"></span>' if kind == "live" else ""
        return (
            f'<div class="above"><h1>{escape(self._presentation.text)} · '
            f"{escape(self._card.title)}</h1>"
            f'<span class="pill {kind}">{dot}{escape(text)}</span></div>'
        )

    def _when(self) -> str:
        card = self._card
        when = day(card.starts, long=True, now=self._wall)
        parts = [
            when and f'<time datetime="{to_rfc3339(card.starts)}">{when}</time>',
            escape(card.venue),
            card.competition and competition_link(card.competition, card.round),
        ]
        words = " · ".join(filter(None, parts))
        return f'<p class="when-where">{words}</p>' if words else ""

    def _state(self) -> tuple[str, str]:
        course = self._channel.summary()
        ending = course["ending"]
        if isinstance(ending, Mapping):
            return tr(ENDED[str(ending["how"])] if ending["how"] else "Final"), ""
        if not self._begun:
            return tr("To come"), ""
        if course["interrupted"]:
            return tr("Interrupted"), "warn"
        return {
            "suspended": (tr("No contact"), "warn"),
            "reconstructing": (tr("Catching up"), "warn"),
        }.get(str(course["state"]), (tr("Live"), "live"))

    def _notes(self) -> str:
        course = self._channel.summary()
        found = []
        if isinstance(stopped := course["interrupted"], Mapping):
            reason = str(stopped["reason"])
            reason = self._presentation.words.get("reason", {}).get(reason, reason)
            found.append((tr("Play interrupted"), reason))
        if isinstance(ending := course["ending"], Mapping) and (ending["how"] or ending["reason"]):
            winner = tr("{winner} wins.", winner=ending["winner"]) if ending["winner"] else ""
            found.append((self._state()[0], f"{winner} {ending['reason']}".strip()))
        return "".join(
            f'<p class="unsure"><span class="pill warn">{escape(pill)}</span>'
            f"<span>{escape(text[:1].upper() + text[1:])}</span></p>"
            for pill, text in found
        )

    def _versus(self, layout: ScoreLayout) -> str:
        counts = self._channel.score.get(layout.counts)
        points = [_of(counts, side) for side in self._card.origins]
        further = pair(self._channel.score, layout.extra, self._card.origins)
        under = (
            f'<p class="under-figures">{escape(layout.extra_text.replace("{}", further))}</p>'
            if further
            else ""
        )
        wide = " three" if any(len(one) > 2 for one in points) else ""
        figures = (
            f'<p class="visually-hidden">{escape(self.headline)}</p>'
            f'<p class="figures{wide}" aria-hidden="true">{points[0]}<span class="dash">–</span>'
            f"{points[1]}</p>"
            if self._begun or not self._ahead
            else '<p class="figures three" aria-hidden="true">v</p>'
        )
        home, away = self._card.origins
        return (
            f'<div class="sides">{_side(home, "home")}<div class="result-figures">{figures}{under}'
            f'<p class="clock">{escape(self._clock())}</p></div>{_side(away, "away")}</div>'
            f"{self._scorers(layout)}"
        )

    def _clock(self) -> str:
        if self._channel.finished or not self._channel.total:
            return ""
        return self._channel.newest(1)[-1].entry.clock

    def _scorers(self, layout: ScoreLayout) -> str:
        listed = layout.scorers
        if listed is None or self._channel.total > WHOLE:
            return ""
        by: list[dict[str, list[str]]] = [{} for _ in self._card.origins]
        for row in self._channel.newest(SNAPSHOT_ENTRIES):
            entry = row.entry
            if (
                entry.title != listed.action
                or row.taken_back
                or entry.origin not in self._card.origins
            ):
                continue
            name = str(entry.details.get(listed.detail) or listed.unknown)
            notes = "".join(
                words.get(str(entry.details.get(detail)), "")
                for detail, words in listed.notes.items()
            )
            of_side = by[self._card.origins.index(entry.origin)]
            of_side.setdefault(name, []).append(f"{entry.clock}{notes}".strip())
        if not any(by):
            return ""
        lists = [
            "<ul>"
            + "".join(
                f"<li>{escape(name)} {escape(', '.join(filter(None, times)))}</li>"
                for name, times in side.items()
            )
            + "</ul>"
            for side in by
        ]
        drawing = self._icon(listed.action)
        return (
            f'<div class="scorers" aria-label="{escape(tr("Scorers"))}" role="group">'
            f"{lists[0]}{drawing}{lists[1]}</div>"
        )

    def _sets(self, layout: ScoreLayout) -> str:
        score = self._channel.score
        over = score.get(layout.sets)
        sets: Sequence[object] = list(over) if isinstance(over, list | tuple) else []
        columns = () if score.get("winner") else layout.columns
        heads = [f"{layout.set_text} {number}" for number, _ in enumerate(sets, 1)]
        heads += [c.flagged if c.flag and score.get(c.flag) else c.text for c in columns]
        rows = []
        for at, side in enumerate(self._card.origins):
            serves = "serves on" if score.get("server") == side else "serves"
            cells = [_set(one, at) for one in sets]
            cells += [
                f'<td class="{"now" if c.now == "games" else "points"}">'
                f"{escape(_of(score.get(c.key), side))}</td>"
                for c in columns
            ]
            rows.append(
                f'<tr><th scope="row"><span class="{serves}"></span>{escape(side)}</th>'
                f"{''.join(cells)}</tr>"
            )
        titles = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
        return (
            f'<table class="scoreboard"><caption class="visually-hidden">'
            f"{escape(self.headline)}</caption><thead><tr><td></td>{titles}</tr></thead>"
            f"<tbody>{''.join(rows)}</tbody></table>"
        )

    def _podium(self, layout: ScoreLayout) -> str:
        score = self._channel.score
        rows = score.get(layout.table.rows) if layout.table.rows else None
        ranked: list[tuple[str, str]] = []
        if isinstance(rows, list | tuple):
            ranked = [(str(row.get("place") or "–"), str(row[layout.table.who])) for row in rows]
        elif isinstance(counts := score.get(layout.counts), Mapping):
            points = sorted(counts.items(), key=lambda one: -one[1])
            ranked = [
                (str([other for _, other in points].index(one) + 1), f"{name}: {one}")
                for name, one in points
            ]
        if not ranked:
            return f'<p class="under-figures">{escape(self.headline)}</p>'
        items = "".join(
            f'<li><span class="place">{escape(place)}</span><span>{escape(name)}</span>'
            "<span></span></li>"
            for place, name in ranked[:PODIUM]
        )
        return f'<ol class="podium">{items}</ol>'

    def lineups(self) -> str:
        """Return who begins and who may come on, as lists, for browsers without scripts; empty
        where the event has no line-ups."""
        starters = self._presentation.lineup.starters
        sides = [(side, self._card.lineups.get(side, [])) for side in self._card.origins]
        if not any(names for _, names in sides):
            return ""
        teams = "".join(
            f"<section><h3>{escape(side)}</h3>{_players(names[: starters or None])}"
            + (
                f'<p class="bench bench-title">{escape(tr("Substitutes"))}</p>'
                f"{_players(names[starters:])}"
                if starters and names[starters:]
                else ""
            )
            + "</section>"
            for side, names in sides
            if names
        )
        title = escape(tr("Line-ups"))
        return (
            f'<noscript><section class="plain-lineups"><h2>{title}</h2>'
            f'<div class="teams">{teams}</div></section></noscript>'
        )

    def lines(self, most: int) -> str:
        """Return the last entries, the newest first, as items of a list.

        Args:
            most: how many at most.
        """
        return "".join(self._line(row) for row in reversed(self._channel.newest(most)))

    def _line(self, row: EntryRow) -> str:
        entry = row.entry
        found = self._shown(entry)
        key = f' data-key="e{escape(entry.entry_id)}" data-version=""'
        said = escape(evidence(entry))
        tags = "".join(f'<span class="tag">{escape(word)}</span>' for _, word in row.marks)
        clock = f"{escape(entry.clock)} · " if entry.clock else ""
        side = f" · {escape(found.side)}" if found.side else ""
        if found.parts:
            return (
                f'<li class="whistle"{key}><span>{clock}{escape(found.title)}{side} '
                f'<span class="sure">{said}</span> {tags}</span></li>'
            )
        when = short_clock(entry.clock) or found.clock or time_of_day(entry.time)
        classes = " ".join(
            filter(
                None,
                (
                    "line",
                    "key" if found.weight else "",
                    "big" if found.weight == "big" else "",
                    "deleted" if row.taken_back else "",
                    "timed" if len(when) > 6 else "",
                ),
            )
        )
        who = (
            f'<p class="who">{escape(found.who[:1].upper() + found.who[1:])}</p>'
            if found.who
            else ""
        )
        whose = f'<span class="whose">{side}</span>' if side else ""
        then = f'<span class="then">{escape(found.then)}</span>' if found.then else ""
        return (
            f'<li class="{classes}"{key}><span class="when">{escape(when)}</span>'
            f'{self._icon(found.icon)}<div><p class="what">{escape(found.title)}{whose}</p>{who}'
            f'<p class="sure">{said}{tags}</p></div><span class="end">{then}</span></li>'
        )

    def line(self, entry: Entry) -> str:
        """Return an entry in a line of plain text."""
        found = self._shown(entry)
        what = " · ".join(filter(None, (found.title, found.side)))
        who = f": {found.who}" if found.who else ""
        return f"{short_clock(entry.clock) or found.clock} {what}{who}".strip()

    def _shown(self, entry: Entry) -> Shown:
        return shown(entry, self._presentation, self._kinds, self._card.origins)

    def _icon(self, name: str) -> str:
        return icon(self._presentation.drawings.get(name))


def _players(names: Sequence[str]) -> str:
    items = "".join(f"<li><span>{escape(name)}</span></li>" for name in names)
    return f'<ul class="players">{items}</ul>'


def evidence(entry: Entry) -> str:
    """Return who saw it, in words: `3 of 5 saw it`."""
    found = entry.evidence
    if entry.by and not found.for_:
        return tr("by the organiser")
    voices, present, against = found.for_, found.present, found.against
    if not against:
        return tr("{voices} of {present} saw it", voices=voices, present=present)
    said = mark("{voices} of {present} saw it, {against} say otherwise")
    return tr(said, voices=voices, present=present, against=against)


def icon(drawing: Drawing | None) -> str:
    """Return a drawing, 24 units wide, as SVG; a dot where there is none."""
    paths = "".join(map(_part, drawing or ()))
    return (
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" stroke="currentColor"'
        ' stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round" fill="none">'
        f"{paths or _DOT}</svg>"
    )


def _part(shape: Shape) -> str:
    if not shape.text:
        return f'<path d="{shape.d}" {TONES[shape.tone]}/>'
    letters = any(one.isalnum() for one in shape.text)
    size = (17, 17, 13, 10)[min(len(shape.text), 3)] if letters else 17
    return (
        f'<text x="12" y="12" font-size="{size}" text-anchor="middle" font-weight="700"'
        ' dominant-baseline="central" fill="currentColor" stroke="none">'
        f"{escape(shape.text)}</text>"
    )


_DOT = '<circle cx="12" cy="12" r="4" fill="currentColor" stroke="none"/>'


def _ground(layout: ScoreLayout) -> str:
    return (
        '<svg class="ground" viewBox="0 0 1000 300" preserveAspectRatio="xMidYMid slice"'
        f' aria-hidden="true"><path d="{layout.ground}" fill="none" stroke="#fff"'
        ' stroke-width="3"/></svg>'
    )


def _side(name: str, where: str) -> str:
    return (
        f'<div class="side {where}"><span class="badge" aria-hidden="true">'
        f'{escape(monogram(name))}</span><span class="name">{escape(name)}</span></div>'
    )


def monogram(name: str) -> str:
    """Return up to three letters that stand for a name: `ARG`, `AR`."""
    parts = name.replace("-", " ").split() or ["?"]
    return ("".join(part[0] for part in parts[:2]) if len(parts) > 1 else parts[0][:3]).upper()


def _set(games: object, at: int) -> str:
    if not isinstance(games, list | tuple) or len(games) != 2:
        return "<td></td>"
    won = ' class="won"' if games[at] > games[1 - at] else ""
    return f"<td{won}>{escape(str(games[at]))}</td>"


def _of(counts: object, side: str) -> str:
    return str(counts.get(side, 0)) if isinstance(counts, Mapping) else "0"


def _kinds(card: Card) -> dict[str, str]:
    try:
        return {kind.title: kind.text for kind in wording.kinds(card.sport, card.rules)}
    except TouchlineError:
        return {}  # of a sport that is not installed here


# ── times ────────────────────────────────────────────────────────────────────────────────────


def day(wall: int, *, long: bool = False, now: int = 0) -> str:
    """Return a wall-clock time as people write it, in UTC; empty where it is not known.

    Args:
        wall: microseconds since 1970 UTC.
        long: whole words with the weekday, and the year where it is another than `now`'s.
        now: microseconds since 1970 UTC.
    """
    if not wall:
        return ""
    try:
        when = datetime.fromtimestamp(wall / SECOND, UTC)
    except (OverflowError, ValueError, OSError):
        return ""
    same = long and when.year == datetime.fromtimestamp(now / SECOND, UTC).year
    if current() not in LANGUAGES or current() == SOURCE:
        date = "%A %-d %B" if same else "%A %-d %B %Y" if long else "%-d %b %Y"
        return when.strftime(f"{date}, %H:%M UTC")
    # Not before somebody reads another language.
    from babel.dates import format_datetime, format_skeleton

    clock = format_datetime(when, "HH:mm 'UTC'", locale=current())
    if not long:
        return f"{format_datetime(when, 'd MMM y', locale=current())}, {clock}"
    skeleton = "MMMMEEEEd" if same else "yMMMMEEEEd"
    return f"{format_skeleton(skeleton, when, locale=current())}, {clock}"


def competition_link(name: str, stage: str) -> str:
    """Return the name of a competition, which leads to its events, and a round of it."""
    link = f'<a href="/?competition={quote(name, safe="")}">{escape(name)}</a>'
    return f"{link}, {escape(stage)}" if stage else link


def time_of_day(wall: int) -> str:
    """Return a wall-clock time as clocks show it, in UTC.

    Args:
        wall: microseconds since 1970 UTC.
    """
    return to_rfc3339(wall)[11:19]


# ── the start page ───────────────────────────────────────────────────────────────────────────


_COLUMNS = (
    (mark("P"), mark("Played"), "played"),
    (mark("W"), mark("Won"), "won"),
    (mark("D"), mark("Drawn"), "drawn"),
    (mark("L"), mark("Lost"), "lost"),
    (mark("+/−"), mark("Difference"), "difference"),
    (mark("Pts"), mark("Points"), "points"),
)


def standings(shown: CompetitionSchema) -> str:
    """Return the tables of a competition; `gateway/static/js/standings.js` draws the same."""
    several = len(shown.tables) > 1
    parts = [
        f"<h2>{escape(shown.competition)}{f' · {escape(one.text)}' if several else ''}</h2>"
        f"{_table(one)}"
        for one in shown.tables
    ]
    return "".join(parts)


def _table(table: TableSchema) -> str:
    drawn = any(row.drawn or row.points is not None for row in table.rows)
    columns = [
        (letter, words, name)
        for letter, words, name in _COLUMNS
        if (name != "drawn" or drawn) and (name != "points" or table.rows[0].points is not None)
    ]
    heads = "".join(
        f'<th class="number" scope="col"><abbr title="{escape(tr(words))}">{tr(letter)}</abbr></th>'
        for letter, words, _ in columns
    )
    rows = []
    for row in table.rows:
        apart = row.scored - row.conceded
        known = {**msgspec.structs.asdict(row), "difference": f"{apart:+d}" if apart else "0"}
        counts = "won" if row.points is None else "points"
        figures = "".join(
            f'<td class="number{" counts" if name == counts else ""}">'
            f"{str(known[name]).replace('-', '−')}</td>"
            for _, _, name in columns
        )
        rows.append(
            f'<tr><td class="number">{row.place}</td><th scope="row">{escape(row.side)}</th>'
            f"{figures}</tr>"
        )
    place = f'<span class="visually-hidden">{escape(tr("Place"))}</span>'
    return (
        f'<table class="standings"><thead><tr><th scope="col">{place}</th>'
        f'<th scope="col">{escape(tr("Side"))}</th>{heads}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )


def results(found: Iterable[Mapping[str, object]]) -> str:
    """Return events as items of a list.

    Args:
        found: cards, as `/api/events` shows them.
    """
    return "".join(_result(card) for card in found)


def _result(card: Mapping[str, object]) -> str:
    live = card["live"]
    shown_as = card["presentation"]
    sport = shown_as["text"] if isinstance(shown_as, Mapping) else ""
    headline = str(live["headline"]) if isinstance(live, Mapping) else ""
    starts = str(card["starts"] or "")
    when = f'<time datetime="{starts}">{starts[:16].replace("T", " ")} UTC</time>' if starts else ""
    about = (str(sport), str(card["competition"]), str(card["round"]))
    more = " · ".join(filter(None, (*map(escape, about), when, escape(str(card["venue"])))))
    status = tr(STATUS.get(str(card["status"]), ""))
    return (
        f'<li class="result" data-key="{escape(str(card["event"]))}" data-version="">'
        f'<p class="about"><a href="/events/{escape(str(card["event"]))}">'
        f'{escape(str(card["title"]))}</a><span class="status {escape(str(card["status"]))}">'
        f"{escape(status)}</span></p>"
        + (f'<p class="headline">{escape(headline)}</p>' if headline else "")
        + f'<p class="more">{more}</p></li>'
    )
