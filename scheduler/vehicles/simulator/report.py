"""
What others know of a car: the second clock. The car tells its maker's cloud now and then, Smartcar hears a little later.

    truth      ──plugged in──────────────────charging stops───────────>
    reports         │event     │interval     │interval  │event
    Smartcar         │store lag │             │          │            `oemUpdatedAt` is the moment of the report
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from scheduler.vehicles.simulator.car import Car
from scheduler.vehicles.simulator.truth import Truth

Silence = tuple[datetime, datetime]
"""A stretch in which nothing a car says arrives (a fault): `[start, end)`."""


@dataclass(frozen=True, slots=True)
class Known:
    """What Smartcar's store holds of a car: how it stood at `reported_at`, heard at `heard_at`."""

    truth: Truth
    reported_at: datetime
    heard_at: datetime
    asleep: bool


def known_of(car: Car, reported_at: datetime, now: datetime) -> Known:
    """Return what a report of *reported_at* tells, as the store holds it *now*."""
    step = car.spec.soc_step_pct
    truth = car.truth(reported_at)
    told = replace(truth, soc_pct=round(round(truth.soc_pct / step) * step, 6))
    heard_at = min(reported_at + timedelta(seconds=car.spec.store_lag_s), now)
    return Known(told, reported_at, heard_at, asleep_at(car, now))


def known_at(car: Car, now: datetime, phase: float, silences: Sequence[Silence] = ()) -> datetime:
    """
    Return the moment of the newest report that Smartcar's store holds at *now*; the opening counts as the first.

    *phase* (0-1) says where in its interval a car reports, so that a fleet does not report in step.
    """
    heard = now - timedelta(seconds=car.spec.store_lag_s)
    report = _last_report(car, heard, phase)
    for start, end in sorted(silences, reverse=True):
        if start <= report < end:
            report = _last_report(car, start - timedelta(microseconds=1), phase)
    return max(report, car.timeline[0].since)


def asleep_at(car: Car, moment: datetime) -> bool:
    """Whether the car has rested for so long that it sends nothing."""
    if car.spec.sleeps_after_min is None:
        return False
    truth = car.truth(moment)
    active = car.active_at[max(bisect_right(car.active_at, moment) - 1, 0)]
    return not truth.charging and not truth.driving and moment >= active + timedelta(minutes=car.spec.sleeps_after_min)


def next_report_after(car: Car, now: datetime, phase: float) -> datetime | None:
    """
    Return when Smartcar's store next hears of the car, if nobody does anything; None: never, as things stand.

    It may be earlier than the next report that tells anything new, never later.
    """
    lag = timedelta(seconds=car.spec.store_lag_s)
    moments = []
    event_lag = car.spec.reports_events_after_s
    if event_lag is not None:
        told = timedelta(seconds=event_lag)
        recent = car.active_at[bisect_right(car.active_at, now - lag - told) :]
        moments += [active + told + lag for active in recent]
    if not asleep_at(car, now):
        every = timedelta(seconds=car.reports_every_s)
        regular = _regular(car, now - lag + every, car.timeline[0].since, phase)
        moments.append((regular or car.timeline[0].since) + lag)
    upcoming = car.next_change()
    if upcoming is not None:
        moments.append(upcoming + lag)
    return min((moment for moment in moments if moment > now), default=None)


def _last_report(car: Car, until: datetime, phase: float) -> datetime:
    """Return the last report no later than *until*, regular or because something happened."""
    origin = car.timeline[0].since
    best = origin
    event_lag = car.spec.reports_events_after_s
    end = until
    for active in reversed(car.active_at):
        if active > until:
            continue
        awake_until = _awake_until(car, active, end)
        regular = _regular(car, awake_until, origin, phase)
        if regular is not None and regular >= active:
            best = max(best, regular)
        told = event_lag is not None and active + timedelta(seconds=event_lag) <= until
        if told and event_lag is not None:
            best = max(best, active + timedelta(seconds=event_lag))
        if best >= active and (told or event_lag is None):
            break
        end = active
    return best


def _awake_until(car: Car, active: datetime, end: datetime) -> datetime:
    if car.spec.sleeps_after_min is None:
        return end
    truth = car.truth(active)
    if truth.charging or truth.driving:
        return end
    return min(end, active + timedelta(minutes=car.spec.sleeps_after_min))


def _regular(car: Car, until: datetime, origin: datetime, phase: float) -> datetime | None:
    every = car.reports_every_s
    rounds = int(((until - origin).total_seconds() / every - phase) // 1)
    while rounds >= 0:
        # The division may round up by a microsecond; a report from the future must not be heard.
        report = origin + timedelta(seconds=(phase + rounds) * every)
        if report <= until:
            return report
        rounds -= 1
    return None
