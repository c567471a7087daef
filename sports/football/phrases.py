"""Football in a sentence; the catalogues have it in other languages."""

from __future__ import annotations

from ..capabilities import Phrases

PHRASES = Phrases(
    actions={
        "goal": "GOAL for {team}",
        "goal_disallowed": "Goal disallowed: it does not count for {team}",
        "yellow_card": "Yellow card for {team}",
        "second_yellow": "Second yellow card, sent off, {team}",
        "red_card": "Red card, sent off, {team}",
        "substitution": "Substitution for {team}",
        "penalty_saved": "Penalty of {team} saved",
        "penalty_missed": "Penalty of {team} missed",
        "penalty": "Penalty for {team}",
        "penalty_cancelled": "Penalty of {team} cancelled",
        "penalty_retaken": "Penalty of {team} is retaken",
        "shot": "Shot of {team}",
        "save": "Save by {team}",
        "corner": "Corner kick for {team}",
        "offside": "Offside, {team}",
        "foul": "Foul by {team}",
        "shootout_scored": "Shoot-out: {team} score",
        "shootout_saved": "Shoot-out: kick of {team} saved",
        "shootout_missed": "Shoot-out: {team} miss",
        "period_start": "Play begins",
        "period_end": "Play ends",
        "added_time": "Added time",
        "full_time": "Full time",
    },
    details={
        "period": {
            "first_half": "first half",
            "second_half": "second half",
            "extra_first": "first half of extra time",
            "extra_second": "second half of extra time",
            "shootout": "shoot-out",
        },
    },
    notes={
        "header": "header",
        "free kick": "free kick",
        "penalty": "penalty",
        "own goal": "own goal",
        "coach": "coach",
        "substitute": "substitute",
        "injury": "injury",
        "concussion": "concussion",
        "handball": "handball",
        "on target": "on target",
        "off target": "off target",
        "blocked": "blocked",
        "post": "off the post",
        "official": "official",
    },
    detailed=("period_start", "period_end"),
    exchange=("substitution", "on", "off"),
    instead="for",
    helper="assist",
    helped="assist {assist}",
)
