"""
What is known of each car, signal by signal, from looks and deliveries together: the later word counts, whoever brought it.

Only the signals a state is made of are kept; a VIN or a position never is.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from scheduler.domain.told import Told
from scheduler.domain.vehicle import VehicleId, VehicleState
from scheduler.ports import Store
from scheduler.vehicles.smartcar.deliveries import Reported, overlaid, state_known
from scheduler.vehicles.smartcar.signals import AT_HOME, CODES_USED, NothingReported, Signal
from scheduler.vehicles.smartcar.webhook import Envelope, VehicleReport


class Memory:
    """Lays over each other what cars say, in the ledger."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def looked(self, vehicle_id: VehicleId, signals: Mapping[str, Signal]) -> VehicleState:
        """Lay in what a look showed, and return all that is known now. Raises `NothingReported`."""
        before = self._store.told(vehicle_id)
        return self._laid(
            vehicle_id, VehicleReport(Envelope("", ""), signals), before, before.told_at if before else None
        )

    def told(self, vehicle_id: VehicleId, report: VehicleReport, at: datetime) -> None:
        """
        Lay in what a delivery brought *at* a moment of our clock.

        One that holds no state, and none is known yet, leaves nothing behind; otherwise it shows that the car speaks.
        """
        before = self._store.told(vehicle_id)
        try:
            self._laid(vehicle_id, report, before, at)
        except NothingReported:
            if before is not None:
                self._store.keep_told(replace(before, told_at=at))

    def _laid(
        self, vehicle_id: VehicleId, report: VehicleReport, before: Told | None, told_at: datetime | None
    ) -> VehicleState:
        used = {code: signal for code, signal in report.signals.items() if code in {*CODES_USED, AT_HOME}}
        known = overlaid(_parts(before.parts) if before else {}, replace(report, signals=used))
        state = state_known(known, vehicle_id)
        self._store.keep_told(Told(state, told_at, _text(known)))
        return state


def _text(known: Mapping[str, Reported]) -> str:
    return json.dumps({code: _plain(reported) for code, reported in known.items()}, separators=(",", ":"))


def _plain(reported: Reported) -> list[object]:
    recorded_at = reported.signal.recorded_at
    return [reported.signal.body, recorded_at.isoformat() if recorded_at else None, reported.sequence]


def _parts(text: str) -> dict[str, Reported]:
    return {
        code: Reported(Signal(code, body, datetime.fromisoformat(at) if at else None), sequence)
        for code, (body, at, sequence) in json.loads(text).items()
    }
