"""What people who do this job have met with other systems: each kind has tests, by its number.

The numbers are those by which the tests' own docstrings and the tracker speak of them.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

EVENT = "peer/host/event/"

CASES: dict[int, tuple[str, tuple[str, ...]]] = {
    1: (
        "a correction hits the one that it means, not the latest",
        (
            EVENT + "test_related.py::test_a_ball_in_the_net_that_never_counted",
            EVENT + "test_related.py::test_a_goal_under_review_is_never_too_old",
        ),
    ),
    2: (
        "no rule depends on what perhaps nobody reported",
        (EVENT + "test_implied.py::test_a_kick_with_one_voice",),
    ),
    3: (
        "names are compared as they are meant",
        (
            EVENT + "test_details.py::test_forms_of_a_name_in_the_line_up",
            EVENT + "test_details.py::test_one_entry",
            EVENT + "test_details.py::test_one_entry_with_a_line_up",
            EVENT + "test_details.py::test_a_slip_means_the_only_one_of_a_line_up",
        ),
    ),
    4: (
        "details go on being voted on",
        (
            EVENT + "test_updates.py::test_a_wrong_name_is_replaced",
            EVENT + "test_updates.py::test_a_name_is_filled_in",
        ),
    ),
    5: (
        "to end an event takes more than an action",
        (
            EVENT + "test_ending.py::test_two_of_six_do_not_end_it",
            EVENT + "test_ending.py::test_voted_against",
            EVENT + "test_ending.py::test_the_goal_is_decided_first",
            EVENT + "test_titles.py::test_half_time_told_as_full_time",
            "proof/test_stated.py::test_the_end_in_two_words",
        ),
    ),
    6: (
        "something may happen after the end",
        (
            EVENT + "test_ending.py::test_a_penalty_after_the_whistle",
            EVENT + "test_ending.py::test_a_card_after_the_whistle",
            EVENT + "test_ending.py::test_a_match_point_is_given_back",
            EVENT + "test_ending.py::test_a_runner_is_disqualified_an_hour_later",
            EVENT + "test_rulings.py::test_disqualify_and_reinstate",
        ),
    ),
    7: (
        "one happening under several titles is one",
        (
            EVENT + "test_titles.py::test_one_sending_off_told_in_three_ways",
            EVENT + "test_titles.py::test_the_last_whistle_in_several_words",
        ),
    ),
    8: (
        "what is too close is not two",
        (
            EVENT + "test_intake.py::test_a_double_tap_is_one_vote",
            EVENT + "test_updates.py::test_told_again_with_the_name",
            EVENT + "test_suspicion.py::test_a_goal_that_is_told_late",
            EVENT + "test_suspicion.py::test_two_disjoint_groups_and_nobody_answers",
            EVENT + "test_suspicion.py::test_points_that_are_told_late",
        ),
    ),
    9: (
        "texts follow what is learned later",
        (EVENT + "test_derived.py::test_a_goal_accepted_before_the_whistle_that_began_its_half",),
    ),
    10: (
        "play is interrupted",
        (
            EVENT + "test_statements.py::test_play_is_interrupted",
            EVENT + "test_statements.py::test_play_is_interrupted_in_a_sport_of_its_own",
        ),
    ),
    11: (
        "a score is stated",
        (
            EVENT + "test_statements.py::test_a_host_that_starts_at_half_time",
            EVENT + "test_statements.py::test_the_umpire_sets_the_score",
        ),
    ),
    12: (
        "a race starts twice",
        (EVENT + "test_derived.py::test_a_false_start_that_is_told_late",),
    ),
    13: (
        "of what excludes each other one stands",
        (
            EVENT + "test_exclusion.py::test_the_better_one_takes_the_place",
            EVENT + "test_exclusion.py::test_two_that_more_tell_than_oppose",
            EVENT + "test_exclusion.py::test_which_side_scored_in_a_sport_of_its_own",
        ),
    ),
    14: (
        "a match is not ended by the score that was counted",
        (
            EVENT + "test_ending.py::test_extra_time_begins",
            EVENT + "test_ending.py::test_extra_time_begins_before_the_end_is_told",
        ),
    ),
    15: (
        "formats of play",
        (
            "sports/tennis/test_sport.py::test_sets_of_other_lengths",
            "sports/tennis/test_sport.py::test_the_score_of_a_short_set_is_read",
            "sports/volleyball/test_sport.py::test_a_cap_ends_a_set_with_any_lead",
            "sports/custom/test_state.py::test_suspensions_of_the_examples",
            "sports/custom/test_state.py::test_a_cap_ends_a_game",
            "sports/custom/test_state.py::test_cricket_world_cup_final_2011",
        ),
    ),
    16: (
        "a contradiction inside one report",
        (
            EVENT + "test_contradictions.py::test_a_goal_by_the_wrong_side",
            EVENT + "test_contradictions.py::test_one_person_in_two_parts",
            "sports/test_contradictions.py::test_what_the_page_asks_about",
        ),
    ),
    17: (
        "an output that does not take what is written",
        (
            "cli/test_output.py::test_the_reader_has_gone",
            "cli/test_output.py::test_the_device_is_full",
            "cli/test_output.py::test_there_is_no_standard_output",
            "cli/test_output.py::test_what_an_encoding_lacks_is_replaced",
        ),
    ),
    18: (
        "times in other units",
        (
            "gateway/reporting/test_schema.py::test_numbers_since_1970",
            "protocol/test_times.py::test_numbers_of_other_programs",
        ),
    ),
    19: (
        "one wrong tap in an outage",
        (EVENT + "test_reconstruction.py::test_outvoted",),
    ),
    20: (
        "datagrams for clients that exist",
        (
            "datagrams/test_snapshots.py::test_red_card_and_keeper",
            "datagrams/test_snapshots.py::test_marked_players_come_first_where_lists_are_cut",
            "datagrams/test_snapshots.py::test_no_line_ups",
            "datagrams/test_snapshots.py::test_a_whole_match_fits",
        ),
    ),
}


def test_numbers() -> None:
    """None is left out."""
    assert list(CASES) == list(range(1, 21))


@pytest.mark.parametrize("number", CASES)
def test_each_has_its_tests(number: int) -> None:
    """Those that the table names are there."""
    _, named = CASES[number]
    for one in named:
        file, _, name = one.partition("::")
        tree = ast.parse((ROOT / "tests" / "unit" / file).read_text("utf-8"))
        assert name in {each.name for each in tree.body if isinstance(each, ast.FunctionDef)}, one
