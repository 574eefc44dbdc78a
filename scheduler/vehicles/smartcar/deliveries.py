"""
From deliveries, which come late, twice and out of order, to what is known of a car: pure.

A signal's date (`oemUpdatedAt`) decides which of two is later, then the delivery's `sequence`, then, so that something
does, its content. So deliveries may be laid over each other in any order, any number of times, with the same result.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from scheduler.domain.vehicle import VehicleId, VehicleState
from scheduler.vehicles.smartcar.signals import NEVER, Signal, state_of
from scheduler.vehicles.smartcar.webhook import VehicleReport


@dataclass(frozen=True, slots=True)
class Reported:
    """A signal and the sequence of the delivery that brought it."""

    signal: Signal
    sequence: int = 0


def unseen(reports: Iterable[VehicleReport], seen: Container[str]) -> list[VehicleReport]:
    """Return the reports whose event is not in *seen*, each event once, without those of the test mode."""
    fresh: dict[str, VehicleReport] = {}
    for report in reports:
        event_id = report.envelope.event_id
        if event_id not in seen and not report.envelope.test:
            fresh.setdefault(event_id, report)
    return list(fresh.values())


def overlaid(known: Mapping[str, Reported], report: VehicleReport) -> dict[str, Reported]:
    """
    Return what is known once *report* is in: per signal the later one.

    A signal without a date never takes the place of one with a date.
    """
    merged = dict(known)
    for code, signal in report.signals.items():
        arriving = Reported(signal, report.envelope.sequence)
        if code not in merged or _lateness(arriving) > _lateness(merged[code]):
            merged[code] = arriving
    return merged


def state_known(known: Mapping[str, Reported], vehicle_id: VehicleId) -> VehicleState:
    """Return the state of what is known. Raises `NothingReported` where it holds no plug, charging or charge."""
    return state_of({code: reported.signal for code, reported in known.items()}, vehicle_id)


def _lateness(reported: Reported) -> tuple[datetime, int, str]:
    signal = reported.signal
    return signal.recorded_at or NEVER, reported.sequence, json.dumps(signal.body, sort_keys=True)
