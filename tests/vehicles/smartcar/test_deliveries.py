"""Deliveries come late, twice and out of order; what is known of a car must not care."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.domain.vehicle import VehicleId
from scheduler.vehicles.smartcar.deliveries import Reported, overlaid, state_known, unseen
from scheduler.vehicles.smartcar.signals import NothingReported, Signal
from scheduler.vehicles.smartcar.webhook import Envelope, VehicleReport

CABLE, CHARGING = "charge-ischargingcableconnected", "charge-ischarging"
NOON = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)


def report(
    event: str, minute: int | None, *, value: bool = True, sequence: int = 0, test: bool = False
) -> VehicleReport:
    recorded_at = None if minute is None else NOON + timedelta(minutes=minute)
    signals = {CABLE: Signal(CABLE, {"value": value}, recorded_at)}
    return VehicleReport(Envelope(event, "veh-1", sequence=sequence, test=test), signals)


def test_an_event_counts_once_and_never_in_test_mode() -> None:
    reports = [report("E1", 0), report("E1", 0), report("E2", 1), report("E3", 2), report("E4", 3, test=True)]

    assert ["E1", "E3"] == [fresh.envelope.event_id for fresh in unseen(reports, {"E2"})]


def test_the_later_signal_counts_in_whichever_order_it_comes() -> None:
    older, newer = report("E1", 0, value=True), report("E2", 5, value=False)

    one = overlaid(overlaid({}, older), newer)
    other = overlaid(overlaid({}, newer), older)

    assert one == other
    assert state_known(one, VehicleId("ada-id3")).plugged_in is False


def test_of_equal_dates_the_higher_sequence_counts() -> None:
    first, second = report("E1", 0, value=True, sequence=1), report("E2", 0, value=False, sequence=2)

    assert overlaid(overlaid({}, second), first) == overlaid(overlaid({}, first), second)
    assert Reported(second.signals[CABLE], 2) == overlaid(overlaid({}, second), first)[CABLE]


def test_an_undated_signal_never_replaces_a_dated_one() -> None:
    known = overlaid({}, report("E1", 0, value=True))

    assert known == overlaid(known, report("E2", None, value=False, sequence=9))


def test_a_signal_that_did_not_come_again_is_still_known() -> None:
    charging = VehicleReport(Envelope("E0", "veh-1"), {CHARGING: Signal(CHARGING, {"value": False}, NOON)})

    state = state_known(overlaid(overlaid({}, charging), report("E1", 5)), VehicleId("ada-id3"))

    assert (True, False, NOON) == (state.plugged_in, state.charging, state.charging_at)
    assert NOON + timedelta(minutes=5) == state.seen_at


def test_of_nothing_no_state_is_made() -> None:
    with pytest.raises(NothingReported):
        state_known({}, VehicleId("ada-id3"))


reports = st.builds(
    lambda event, minute, value, sequence: report(event, minute, value=value, sequence=sequence),
    st.sampled_from(["E1", "E2", "E3"]),
    st.none() | st.integers(0, 3),
    st.booleans(),
    st.integers(0, 2),
)


@given(st.lists(reports, max_size=6).flatmap(lambda told: st.tuples(st.just(told), st.permutations(told))))
def test_any_order_and_any_repetition_end_in_the_same_knowledge(
    orders: tuple[list[VehicleReport], list[VehicleReport]],
) -> None:
    told, shuffled = orders
    known: dict[str, Reported] = {}
    for each in told:
        known = overlaid(known, each)
    other: dict[str, Reported] = {}
    for each in [*shuffled, *shuffled]:
        other = overlaid(other, each)

    assert known == other
