"""Where the rooms speak: each event goes into the log, into the durable sequence, and to whoever follows live."""

from __future__ import annotations

from collections.abc import Callable

from scheduler.domain.errors import InvalidValue
from scheduler.domain.event import CATALOGUE, Event, Fact
from scheduler.domain.vehicle import VehicleId
from scheduler.monitoring.logs import OWN_KEYS, write
from scheduler.monitoring.redaction import REDACTION
from scheduler.ports import Clock, Ledger

Listener = Callable[[Event], None]


class LedgerJournal:
    """
    The `Journal` of a running house.

    An event is written into the ledger in the transaction that is open, so it stands or falls with the change it tells of;
    its log line, and what listeners heard, cannot be taken back. Events of level debug are only logged. In a house whose
    cars are *simulated* every event says so.
    """

    def __init__(self, clock: Clock, ledger: Ledger, *, simulated: bool = False) -> None:
        self._clock, self._ledger = clock, ledger
        self._mark: dict[str, Fact] = {"simulated": True} if simulated else {}
        self._listeners: list[Listener] = []

    def note(self, name: str, vehicle_id: VehicleId | None = None, **facts: Fact) -> None:
        """
        Write down one event of the catalogue, now, with what must not be read masked.

        InvalidValue for a name that is not in the catalogue, and for a fact called like a part of the line itself.
        """
        kind = CATALOGUE.get(name)
        if kind is None:
            raise InvalidValue(f"the event {name!r} is not in the catalogue of scheduler/domain/event.py")
        if not OWN_KEYS.isdisjoint(facts):
            raise InvalidValue(
                f"a fact of {name} is called {', '.join(sorted(OWN_KEYS & facts.keys()))}; say it otherwise"
            )
        at, facts = self._clock.now(), REDACTION.facts(facts) | self._mark
        if kind.level == "debug":
            write(at, kind.level, name, vehicle_id, facts)
            return
        try:
            seq = self._ledger.record_event(at, name, vehicle_id, facts)
        finally:
            # Also where the ledger refuses it: that the disk is full must be read somewhere.
            write(at, kind.level, name, vehicle_id, facts)
        for listener in tuple(self._listeners):
            listener(Event(seq, at, name, kind.level, vehicle_id, facts))

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call *listener* with every recorded event from now on; return the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)
