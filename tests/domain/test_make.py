"""The table of makes: limits that bind harder than money."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.domain.make import MAKES, rules_for


@pytest.mark.parametrize("written", ["VOLKSWAGEN", "Volkswagen", "volkswagen", " vw ", "VW"])
def test_a_make_is_found_however_it_is_written(written: str) -> None:
    rules = rules_for(written)

    assert "VOLKSWAGEN" == rules.make
    assert 15 == rules.commands_per_drive


def test_a_make_of_two_words_may_be_joined_by_an_underscore() -> None:
    assert timedelta(minutes=30) == rules_for("LAND_ROVER").report_interval


def test_europes_bmw_and_mini_are_stopped_at_most_eighty_times_in_thirty_days() -> None:
    assert [80, 80] == [rules_for(make).stops_per_30_days for make in ("BMW", "MINI")]


@pytest.mark.parametrize("make", ["Chevrolet", "GMC", "Cadillac", "Buick"])
def test_general_motors_takes_no_command_below_half(make: str) -> None:
    assert 50.0 == rules_for(make).min_command_soc_pct


def test_nissan_can_be_started_and_not_stopped() -> None:
    rules = rules_for("Nissan")

    assert rules.can_start
    assert not rules.can_stop


def test_a_ford_started_within_its_own_schedule_ignores_its_limit() -> None:
    assert [True, True] == [rules_for(make).start_ignores_limit for make in ("Ford", "Lincoln")]


def test_only_rivians_consent_is_known_to_end_by_itself() -> None:
    assert {"RIVIAN": timedelta(days=14)} == {
        make: row.reconsent_every for make, row in MAKES.items() if row.reconsent_every is not None
    }


def test_a_make_nobody_wrote_down_has_no_known_limit_and_half_an_hour_to_report() -> None:
    rules = rules_for("Trabant")

    assert "TRABANT" == rules.make
    assert timedelta(minutes=30) == rules.report_interval
    assert (None, None, None) == (rules.commands_per_drive, rules.stops_per_30_days, rules.min_command_soc_pct)


def test_every_row_names_its_source_and_a_positive_interval() -> None:
    assert [] == [row.make for row in MAKES.values() if not row.source or row.report_interval <= timedelta(0)]


def test_a_make_says_in_words_what_cannot_be_done_and_what_is_done_instead() -> None:
    ford, nissan, bmw = (" ".join(rules_for(make).words()) for make in ("Ford", "Nissan", "BMW"))

    assert "telephone's app only" in ford
    assert "a start fills it to 100 %" in ford
    assert "started and not stopped" in nissan
    assert "80 stops in 30 days" in bmw
    assert "charge limit cannot be set from here" in bmw
    assert "15 starts and stops until it is driven" in " ".join(rules_for("VW").words())
    assert "Below 50 %" in " ".join(rules_for("GMC").words())
    assert "set its own timer" in " ".join(replace(rules_for("Tesla"), can_start=False).words())
    assert () == rules_for("Tesla").words()
