"""
What Prometheus may scrape: ages and horizons as they are now, and counters of what happened since the start.

Nothing has to tell the metrics anything: at each scrape they read the ledger on from the last event they have counted.
Labels are verbs, results, kinds of call, tariffs and names of events: never a vehicle, a VIN or an id of Smartcar's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from scheduler.domain.errors import StoreUnavailable
from scheduler.domain.event import Event
from scheduler.ports import Clock, Store

CALLS = ("look", "start", "stop", "limit")
PAGE = 1000
CONFIRMED_WITHIN_S = (1, 5, 15, 30, 60, 120, 300, 600, 1800, 3600)
"""From a simulated car to the slowest real ones: confirmation may take an hour (facts/smartcar.md)."""

TARGETS = {"plan.reached": "met", "plan.missed": "missed", "plan.short": "short"}


class Metrics:
    """
    One registry of its own. `render` is what `/metrics` answers.

    *sweep_age_s* says how long ago a sweep was completed, *price_horizons_s* how far each tariff's prices are known; what
    is not given is not exposed.
    """

    def __init__(
        self,
        version: str,
        clock: Clock,
        store: Store,
        *,
        sweep_age_s: Callable[[], float] | None = None,
        price_horizons_s: Callable[[], Mapping[str, float]] | None = None,
        calls_left: Callable[[], int | None] | None = None,
    ) -> None:
        self._clock, self._store, self._started_at = clock, store, clock.now()
        self._price_horizons_s, self._calls_left = price_horizons_s, calls_left
        self._seq = max((event.seq for event in store.events(-1, 1)), default=0)
        self._registry = CollectorRegistry()
        self._counted_calls = dict.fromkeys(CALLS, 0)
        self._make_counters()
        self._make_gauges(version, sweep_age_s)

    def render(self) -> tuple[bytes, str]:
        """
        Return the exposition and its content type.

        While the ledger cannot be read, `smartcharge_store_up` is 0 and everything that comes from it stands still.
        """
        try:
            self._read_on()
            left = self._calls_left() if self._calls_left else None
            if left is not None:
                self._least_left.set(left)
            self._up.set(1)
        except StoreUnavailable:
            self._up.set(0)
        for tariff, seconds in self._price_horizons_s().items() if self._price_horizons_s else ():
            self._horizon.labels(tariff).set(seconds)
        return generate_latest(self._registry), CONTENT_TYPE_LATEST

    def _make_counters(self) -> None:
        counter, registry = Counter, self._registry
        self._events = counter("smartcharge_events", "What happened.", ["event", "level"], registry=registry)
        self._commands = counter(
            "smartcharge_commands", "Commands by what became of them.", ["verb", "result"], registry=registry
        )
        self._calls = counter("smartcharge_api_calls", "Billed calls to cars.", ["kind"], registry=registry)
        self._targets = counter("smartcharge_targets", "Targets met, missed, or short.", ["result"], registry=registry)
        self._steps = counter("smartcharge_clock_step", "Jumps of the wall clock.", registry=registry)
        self._confirmed = Histogram(
            "smartcharge_command_confirm_seconds",
            "From sending a command to a look at the car that shows it worked.",
            buckets=CONFIRMED_WITHIN_S,
            registry=registry,
        )
        for kind in CALLS:
            self._calls.labels(kind)
        for result in TARGETS.values():
            self._targets.labels(result)

    def _make_gauges(self, version: str, sweep_age_s: Callable[[], float] | None) -> None:
        registry = self._registry
        build = Gauge("smartcharge_build_info", "Always 1; the version is the label.", ["version"], registry=registry)
        build.labels(version).set(1)
        self._up = Gauge("smartcharge_store_up", "Whether the ledger could be read.", registry=registry)
        self._oldest = Gauge(
            "smartcharge_due_oldest_seconds", "How long the longest-waiting due car has waited.", registry=registry
        )
        if sweep_age_s is not None:
            Gauge("smartcharge_sweep_age_seconds", "Since the last completed sweep.", registry=registry).set_function(
                sweep_age_s
            )
        if self._calls_left is not None:
            self._least_left = Gauge(
                "smartcharge_api_calls_left", "Calls left this month to the car with the fewest.", registry=registry
            )
        if self._price_horizons_s is not None:
            self._horizon = Gauge(
                "smartcharge_price_horizon_seconds", "How far ahead prices are known.", ["tariff"], registry=registry
            )

    def _read_on(self) -> None:
        self._oldest.set(self._store.oldest_due(self._clock.now()).total_seconds())
        for kind, counted in self._counted_calls.items():
            self._counted_calls[kind] = max(counted, self._store.calls(None, self._started_at, kind))
            self._calls.labels(kind).inc(self._counted_calls[kind] - counted)
        while events := self._store.events(self._seq, PAGE):
            for event in events:
                self._count(event)
            self._seq = events[-1].seq

    def _count(self, event: Event) -> None:
        self._events.labels(event.name, event.level).inc()
        noun, _, happened = event.name.partition(".")
        if noun == "command" and "verb" in event.facts:
            self._commands.labels(event.facts["verb"], happened).inc()
        after_s = event.facts.get("after_s")
        if event.name == "command.confirmed" and isinstance(after_s, int | float):
            self._confirmed.observe(after_s)
        if event.name in TARGETS:
            self._targets.labels(TARGETS[event.name]).inc()
        if event.name == "clock.stepped":
            self._steps.inc()
