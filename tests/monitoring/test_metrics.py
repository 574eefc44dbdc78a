"""The metrics: what is exposed, how it is counted, and that no label says which car."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from scheduler.clock import ManualClock
from scheduler.domain.errors import StoreUnavailable
from scheduler.domain.vehicle import VehicleId
from scheduler.monitoring.metrics import PAGE, Metrics
from tests.fakes.store import MemoryStore

AT = datetime(2026, 2, 1, 17, tzinfo=UTC)
ADA = VehicleId("ada-id3")


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(AT)


@pytest.fixture
def metrics(store: MemoryStore, clock: ManualClock) -> Metrics:
    return Metrics("1.2.3", clock, store, sweep_age_s=lambda: 7.5, price_horizons_s=lambda: {"agile": 3600.0})


def scraped(metrics: Metrics) -> dict[str, float]:
    """Return every sample by its name with its labels' values, as `name value value`."""
    families = text_string_to_metric_families(metrics.render()[0].decode())
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in families
        for sample in family.samples
    }


def test_the_answer_says_what_it_is(metrics: Metrics) -> None:
    assert metrics.render()[1].startswith("text/plain; version=")


def test_ages_and_horizons_are_as_they_are_now(metrics: Metrics, store: MemoryStore, clock: ManualClock) -> None:
    store.enlist([ADA], AT)
    clock.advance(90)

    samples = scraped(metrics)

    assert {
        "smartcharge_due_oldest_seconds": 90.0,
        "smartcharge_sweep_age_seconds": 7.5,
        "smartcharge_price_horizon_seconds agile": 3600.0,
        "smartcharge_build_info 1.2.3": 1.0,
        "smartcharge_store_up": 1.0,
    }.items() <= samples.items()


def test_commands_are_counted_by_verb_and_result(metrics: Metrics, store: MemoryStore) -> None:
    for name, verb in (("confirmed", "start"), ("confirmed", "start"), ("refused", "stop")):
        store.record_event(AT, f"command.{name}", ADA, {"verb": verb})

    samples = scraped(metrics)

    assert 2.0 == samples["smartcharge_commands_total confirmed start"]
    assert 1.0 == samples["smartcharge_commands_total refused stop"]


def test_an_event_is_counted_once_however_often_it_is_scraped(metrics: Metrics, store: MemoryStore) -> None:
    for _ in range(PAGE + 1):
        store.record_event(AT, "clock.stepped", None, {})

    scraped(metrics)

    assert PAGE + 1 == scraped(metrics)["smartcharge_clock_step_total"]


def test_what_happened_before_the_start_is_not_counted(store: MemoryStore, clock: ManualClock) -> None:
    store.record_event(AT, "plan.reached", ADA, {})
    store.count_call(ADA, AT - timedelta(seconds=1), "look")

    samples = scraped(Metrics("1.2.3", clock, store))

    assert (0.0, 0.0) == (samples["smartcharge_targets_total met"], samples["smartcharge_api_calls_total look"])


def test_the_time_to_confirm_is_a_histogram(metrics: Metrics, store: MemoryStore) -> None:
    for after_s in (4.0, 40.0, None):
        store.record_event(AT, "command.confirmed", ADA, {"verb": "start", "after_s": after_s})

    samples = scraped(metrics)

    assert (1.0, 2.0) == tuple(
        samples[f"smartcharge_command_confirm_seconds_bucket {edge}"] for edge in ("5.0", "60.0")
    )
    assert 44.0 == samples["smartcharge_command_confirm_seconds_sum"]


def test_targets_are_counted_as_met_missed_and_short(metrics: Metrics, store: MemoryStore) -> None:
    for name in ("plan.reached", "plan.reached", "plan.missed", "plan.short"):
        store.record_event(AT, name, ADA, {})

    samples = scraped(metrics)

    assert [2.0, 1.0, 1.0] == [samples[f"smartcharge_targets_total {result}"] for result in ("met", "missed", "short")]


def test_calls_are_counted_by_kind(metrics: Metrics, store: MemoryStore) -> None:
    for kind in ("look", "look", "start"):
        store.count_call(ADA, AT, kind)
    scraped(metrics)
    store.count_call(VehicleId("ben-zoe"), AT, "look")

    samples = scraped(metrics)

    assert [3.0, 1.0, 0.0] == [samples[f"smartcharge_api_calls_total {kind}"] for kind in ("look", "start", "stop")]


def test_no_label_says_which_car(metrics: Metrics, store: MemoryStore) -> None:
    store.record_event(AT, "command.refused", ADA, {"verb": "start", "detail": "WVWZZZ1JZ3W386752"})
    store.count_call(ADA, AT, "look")

    exposed = metrics.render()[0].decode()

    assert (False, False) == ("ada-id3" in exposed, "WVWZZZ" in exposed)


def test_what_is_not_given_is_not_exposed(store: MemoryStore, clock: ManualClock) -> None:
    names = {name.split()[0] for name in scraped(Metrics("1.2.3", clock, store))}

    assert set() == names & {"smartcharge_sweep_age_seconds", "smartcharge_price_horizon_seconds"}


def test_a_ledger_that_cannot_be_read_is_told_and_the_rest_goes_on(metrics: Metrics, store: MemoryStore) -> None:
    class FullDisk(MemoryStore):
        def oldest_due(self, now: datetime) -> timedelta:
            raise StoreUnavailable("the disk is full")

    metrics._store = FullDisk()
    down = scraped(metrics)
    metrics._store = store

    assert (0.0, 7.5) == (down["smartcharge_store_up"], down["smartcharge_sweep_age_seconds"])
    assert 1.0 == scraped(metrics)["smartcharge_store_up"]


def test_two_houses_in_one_process_do_not_share_their_counts(metrics: Metrics, clock: ManualClock) -> None:
    other = MemoryStore()
    others = Metrics("1.2.3", clock, other)
    other.record_event(AT, "plan.reached", ADA, {})

    assert (0.0, 1.0) == tuple(scraped(each)["smartcharge_targets_total met"] for each in (metrics, others))
