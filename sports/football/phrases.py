"""Football in a sentence, in English and Portuguese."""

from __future__ import annotations

from ..capabilities import Phrases

PHRASES = Phrases(
    languages=("en", "pt"),
    actions={
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
        "penalty": ("Penalty for {team}", "Pênalti para {team}"),
        "penalty_cancelled": ("Penalty of {team} cancelled", "Pênalti de {team} anulado"),
        "penalty_retaken": ("Penalty of {team} is retaken", "Pênalti de {team} será repetido"),
        "shot": ("Shot of {team}", "Finalização de {team}"),
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
        "added_time": ("Added time", "Acréscimos"),
        "full_time": ("Full time", "Fim de jogo"),
    },
    details={
        "period": {
            "first_half": ("first half", "primeiro tempo"),
            "second_half": ("second half", "segundo tempo"),
            "extra_first": ("first half of extra time", "primeiro tempo da prorrogação"),
            "extra_second": ("second half of extra time", "segundo tempo da prorrogação"),
            "shootout": ("shoot-out", "disputa de pênaltis"),
        }
    },
    notes={
        "header": ("header", "de cabeça"),
        "free kick": ("free kick", "de falta"),
        "penalty": ("penalty", "de pênalti"),
        "own goal": ("own goal", "gol contra"),
        "coach": ("coach", "técnico"),
        "substitute": ("substitute", "reserva"),
        "injury": ("injury", "lesão"),
        "concussion": ("concussion", "concussão"),
        "handball": ("handball", "mão na bola"),
        "on target": ("on target", "no alvo"),
        "off target": ("off target", "para fora"),
        "blocked": ("blocked", "bloqueada"),
        "post": ("off the post", "na trave"),
        "official": ("official", "comissão técnica"),
    },
    detailed=("period_start", "period_end"),
    exchange=("substitution", "on", "off"),
    instead=("for", "por"),
    helper="assist",
    helped=("assist", "passe de"),
)
