"""Actions in a sentence, in English or Portuguese. Pure.

The server tells them so; a client that is given another language makes its own from a datagram.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

ENGLISH, PORTUGUESE = "en", "pt"
LANGUAGES = (ENGLISH, PORTUGUESE)

END = "End of transmission"
"""The text after the last datagram."""

WORDS: dict[str, tuple[str, str]] = {
    "goal": ("GOAL for {team}", "GOL de {team}"),
    "goal_disallowed": (
        "Goal disallowed: it does not count for {team}",
        "Gol anulado: não vale para {team}",
    ),
    "yellow_card": ("Yellow card for {team}", "Cartão amarelo para {team}"),
    "second_yellow": (
        "Second yellow card, sent off, {team}",
        "Segundo cartão amarelo, expulsão, {team}",
    ),
    "red_card": ("Red card, sent off, {team}", "Cartão vermelho, expulsão, {team}"),
    "substitution": ("Substitution for {team}", "Substituição de {team}"),
    "penalty_saved": ("Penalty of {team} saved", "Pênalti de {team} defendido"),
    "penalty_missed": ("Penalty of {team} missed", "Pênalti de {team} desperdiçado"),
    "save": ("Save by {team}", "Defesa de {team}"),
    "corner": ("Corner kick for {team}", "Escanteio para {team}"),
    "offside": ("Offside, {team}", "Impedimento, {team}"),
    "foul": ("Foul by {team}", "Falta de {team}"),
    "shootout_scored": ("Shoot-out: {team} score", "Disputa de pênaltis: {team} converte"),
    "shootout_saved": (
        "Shoot-out: kick of {team} saved",
        "Disputa de pênaltis: cobrança de {team} defendida",
    ),
    "shootout_missed": ("Shoot-out: {team} miss", "Disputa de pênaltis: {team} perde"),
    "period_start": ("Play begins", "Bola rolando"),
    "period_end": ("Play ends", "Fim do período"),
    "full_time": ("Full time", "Fim de jogo"),
    "point": ("Point for {team}", "Ponto de {team}"),
    "alarm": ("Contact with the venue is lost", "Contato com o local perdido"),
    "restored": ("Contact with the venue is back", "Contato com o local restabelecido"),
}
"""An action's title, and what is said of it in each language."""

PERIODS = {
    "first_half": ("first half", "primeiro tempo"),
    "second_half": ("second half", "segundo tempo"),
    "extra_first": ("first half of extra time", "primeiro tempo da prorrogação"),
    "extra_second": ("second half of extra time", "segundo tempo da prorrogação"),
    "shootout": ("shoot-out", "disputa de pênaltis"),
}

NOTES = {
    "header": ("header", "de cabeça"),
    "free kick": ("free kick", "de falta"),
    "penalty": ("penalty", "de pênalti"),
    "own goal": ("own goal", "gol contra"),
    "coach": ("coach", "técnico"),
    "official": ("official", "comissão técnica"),
}

_FOR = ("for", "por")
_ASSIST = ("assist", "passe de")

MARKS = {
    "DELETED": ("Correction, this does not count", "Correção, não vale"),
    "UPDATED": ("Amended", "Corrigido"),
    "DELAYED": ("late", "com atraso"),
    "RECONSTRUCTED": ("reconstructed", "reconstituído"),
    "RECONSTRUCTION_INACCURATE": ("inaccurate", "impreciso"),
}
"""What is said of an entry that is not as any other."""


def sentence(language: str, title: str, team: str, details: Mapping[str, object]) -> str:
    """Return an action in a sentence; empty where the title is not known.

    Args:
        language: one of `LANGUAGES`.
        title: the action's.
        team: its origin.
        details: by name, as the sport has them.
    """
    index = LANGUAGES.index(language)
    if title not in WORDS:
        return ""
    said = WORDS[title][index].format(team=team)
    period = PERIODS.get(str(details.get("period", "")))
    if period is not None:
        said += f": {period[index]}"
    if title == "substitution":
        on, off = str(details.get("on", "")), str(details.get("off", ""))
        who = f"{on} {_FOR[index]} {off}" if on and off else on or off
    else:
        who = str(details.get("player", ""))
    notes = [NOTES[str(details[n])][index] for n in ("how", "person") if details.get(n) in NOTES]
    if details.get("assist"):
        notes.append(f"{_ASSIST[index]} {details['assist']}")
    who += f" ({', '.join(notes)})" if notes else ""
    return f"{said}: {who.strip()}" if who.strip() else said


def marked(language: str, said: str, status: str, delay: str) -> str:
    """Return a sentence with what is to be said about the entry itself.

    Args:
        language: one of `LANGUAGES`.
        said: the sentence.
        status: the entry's.
        delay: its delay status.
    """
    index = LANGUAGES.index(language)
    if status in MARKS:
        said = f"{MARKS[status][index]}: {said}"
    return f"{said} ({MARKS[delay][index]})" if delay in MARKS else said


def retold(
    language: str, title: str, content: str, teams: Sequence[str], players: Sequence[str]
) -> str:
    """Return a datagram's content in a language, as far as it can be told; otherwise as it came.

    Args:
        language: one of `LANGUAGES`.
        title: the datagram's type.
        content: what it says, in whatever language.
        teams: names of both.
        players: names of all.
    """
    named = _named(content, players)
    team = next(iter(_named(content, teams)), "")
    if title not in WORDS or ("{team}" in WORDS[title][0] and not team):
        return content
    details: dict[str, object] = {}
    if title == "substitution":
        details = dict(zip(("on", "off"), named, strict=False))
    elif named:
        details = dict(zip(("player", "assist"), named, strict=False))
    if title.startswith("period"):
        said_of = {word: period for period, words in PERIODS.items() for word in words}
        for word in sorted(said_of, key=len):  # the longest counts: "first half of extra time"
            if word in content:
                details["period"] = said_of[word]
    for note, words in NOTES.items():
        if f"({words[0]}" in content or f"({words[1]}" in content:
            details["how"] = note
    said = sentence(language, title, team, details)
    for status, words in MARKS.items():
        if content.startswith(tuple(f"{word}: " for word in words)):
            return marked(language, said, status, "")
    return said


def _named(content: str, names: Sequence[str]) -> list[str]:
    """Return the names that occur in a text, in the order in which they do; the longest of those
    that begin at one place."""
    found: dict[int, str] = {}
    for name in sorted(set(names), key=len):
        at = content.find(name) if name else -1
        if at >= 0:
            found[at] = name
    ends = 0
    order = []
    for at, name in sorted(found.items()):
        if at >= ends:
            order.append(name)
            ends = at + len(name)
    return order
