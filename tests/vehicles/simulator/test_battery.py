"""A battery's charge follows from power and time, whoever asks and however often."""

from __future__ import annotations

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.vehicles.simulator.battery import Battery

PLAIN = Battery(usable_kwh=50, efficiency=0.9, taper_from_pct=80, taper_to_share=0.3)

batteries = st.builds(
    Battery,
    usable_kwh=st.floats(5, 120),
    efficiency=st.floats(0.7, 1),
    taper_from_pct=st.floats(0, 100),
    taper_to_share=st.floats(0.05, 1),
)


def test_below_the_bend_charge_grows_with_time_alone() -> None:
    after_pct = PLAIN.soc_after(20, 10, 3600)

    assert 20 + 10 * 0.9 / 50 * 100 == pytest.approx(after_pct)


def test_power_falls_in_a_line_from_the_bend_to_the_end() -> None:
    powers_kw = [PLAIN.power_kw(soc_pct, 10) for soc_pct in (0, 80, 90, 100)]

    assert pytest.approx([10, 10, 6.5, 3]) == powers_kw


def test_energy_at_the_plug_is_what_the_battery_gained_and_what_was_lost() -> None:
    assert 50 * 0.3 / 0.9 == pytest.approx(PLAIN.plug_kwh(30))


def test_power_over_time_adds_up_to_the_energy_at_the_plug() -> None:
    step_s, soc_pct, energy_kwh = 1.0, 60.0, 0.0

    while soc_pct < 99:
        energy_kwh += PLAIN.power_kw(soc_pct, 10) * step_s / 3600
        soc_pct = PLAIN.soc_after(soc_pct, 10, step_s)

    assert PLAIN.plug_kwh(soc_pct - 60) == pytest.approx(energy_kwh, rel=1e-4)


def test_without_power_nothing_is_ever_reached() -> None:
    assert inf == PLAIN.seconds_to(50, 60, 0)
    assert 50 == PLAIN.soc_after(50, 0, 3600)


def test_what_is_reached_already_takes_no_time() -> None:
    assert 0 == PLAIN.seconds_to(60, 60, 10)
    assert 0 == PLAIN.seconds_to(60, 50, 10)


def test_nothing_is_charged_beyond_full() -> None:
    assert 100 == PLAIN.soc_after(99, 10, 100 * 3600)


@given(batteries, st.floats(0, 99), st.floats(0.1, 1), st.floats(1, 22))
def test_the_time_to_a_charge_leads_to_that_charge(
    battery: Battery, soc_pct: float, way: float, plug_kw: float
) -> None:
    target_pct = soc_pct + (100 - soc_pct) * way

    seconds = battery.seconds_to(soc_pct, target_pct, plug_kw)

    assert target_pct == pytest.approx(battery.soc_after(soc_pct, plug_kw, seconds), abs=1e-6)


@given(batteries, st.floats(0, 99), st.floats(1, 22), st.floats(0, 40_000), st.floats(0, 1))
def test_stopping_to_look_changes_nothing(
    battery: Battery, soc_pct: float, plug_kw: float, seconds: float, part: float
) -> None:
    between_pct = battery.soc_after(soc_pct, plug_kw, seconds * part)

    assert battery.soc_after(soc_pct, plug_kw, seconds) == pytest.approx(
        battery.soc_after(between_pct, plug_kw, seconds * (1 - part)), abs=1e-6
    )
