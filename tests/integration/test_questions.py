"""The host asks reporters whether something happened, and what their answers do."""

from __future__ import annotations

import pytest
from rich.console import Console

from touchline.cli.ui.form import Form


@pytest.fixture
def host(world):
    world.with_broker()
    return world.host(verdict="evidence")


def test_asked_and_answered(world, host):
    """Who can answer is asked about what one reporter alone says; the answers are votes."""
    crew = [world.reporter(name, answers=name != "eve") for name in ("ann", "bob", "cid", "eve")]
    world.until(lambda: all(one.session.open for one in crew), *crew)
    ann, bob, cid, eve = crew
    world.goal(1, ann)
    world.until(lambda: bob.asked_about or cid.asked_about, *crew)
    first, second = (bob, cid) if bob.asked_about else (cid, bob)
    (question,) = first.asked_about.values()
    assert (question.claim, question.title, question.origin) == (1, "goal", "A")
    assert question.text.endswith("?")
    assert not ann.asked_about
    assert not eve.asked_about
    n = first.answer(question.claim, True)
    assert not first.asked_about
    core = host.events[world.event]
    world.until(lambda: core.counters.questions > 1 or core.timeline.standing, *crew)
    world.until(lambda: first.fate(n), *crew)
    if second.asked_about:
        second.answer(question.claim, True)
    world.until(lambda: core.timeline.standing, *crew)
    assert core.timeline.standing[0].evidence.for_ >= 2


class Awake:
    """A form that does its work while something else is waited for."""

    def __init__(self, form: Form) -> None:
        self.form = form

    def pump(self) -> None:
        self.form.turn([])


def test_a_key_answers_in_the_form(world, host):
    """The form of a terminal shows the question in place of its rule; y answers it."""
    ann, bob = world.reporter("ann"), world.reporter("bob", answers=True)
    form = Form(host.events[world.event].card, bob, world.subscriber("bob's view"))
    awake = Awake(form)
    world.until(lambda: ann.session.open and bob.session.open, ann, awake)
    world.goal(1, ann)
    world.until(lambda: form.buttons.asked is not None, ann, awake)
    console = Console(width=80, height=24)
    with console.capture() as drawn:
        console.print(form)
    assert "Did you see it? " in drawn.get()
    assert "y yes · n no" in drawn.get()
    form.turn(["y"])
    assert form.buttons.asked is None
    core = host.events[world.event]
    world.until(lambda: core.timeline.standing, ann, awake)
    world.until(lambda: form.fate(form.own[-1]) is not None, ann, awake)
    assert core.timeline.standing[0].evidence.for_ == 2
    assert form.own[-1].words.startswith("yes: ")
    form.turn(["u"])
    assert not form.own[-1].undone, "an answer is no report that can be taken back"
