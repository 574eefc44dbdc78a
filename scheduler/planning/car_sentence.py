"""The sentence that says how one car stands, and what comes next: pure."""

from __future__ import annotations

from datetime import datetime

from scheduler.domain.consent import Consent, ConsentStatus
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Seat
from scheduler.domain.session import ChargeSession, Hand, Override
from scheduler.domain.vehicle import VehicleState
from scheduler.planning.explain import promise_sentence
from scheduler.planning.need import charge_time

PLUG = {False: "not plugged in", True: "plugged in, no plan yet", None: "the car does not say whether it is plugged in"}
"""What is said of a car that has no session."""

BY_SUPPLIER = "charged by its energy supplier; smartcharge sends it no command"
NO_CALLS = "Smartcar makes no more calls to it this month; set the car's own timer, or take a larger plan"


def trouble_sentence(
    seat: Seat, state: VehicleState | None, consent: Consent, calls_left: int | None, now: datetime
) -> str | None:
    """Return the sentence of a car that cannot be read or commanded, whatever was promised; None for any other."""
    level = f"{state.soc_pct:.0f} % when last seen, " if state is not None and state.soc_pct is not None else ""
    if consent.status is not ConsentStatus.GIVEN:
        return f"{seat.title}: {level}{consent.words(now)}"
    return f"{seat.title}: {level}{NO_CALLS}" if calls_left == 0 else None


def car_sentence(
    seat: Seat,
    state: VehicleState | None,
    session: ChargeSession | None,
    override: Override,
    promise: Promise | None,
    now: datetime,
) -> str:
    """Return the sentence of a car that can be read and commanded: what it has, what it was promised, who overrules that."""
    soc_pct = state.soc_pct if state else None
    level = f"{soc_pct:.0f} %" if soc_pct is not None else "charge unknown"
    if state is None:
        return f"{seat.title}: not seen yet"
    if session is None:
        return f"{seat.title}: {level}, {PLUG[state.plugged_in]}"
    if seat.car.by_supplier:
        return f"{seat.title}: {level}, {BY_SUPPLIER}"
    if override is Override.STOP:
        return f"{seat.title}: {level}, stopped by you; it will not charge until it is unplugged or you resume"
    if override is Override.START:
        return f"{seat.title}: {level}, {_asked(seat, state, promise, now)}"
    if override is Override.HOLD:
        return f"{seat.title}: {level}, on hold; no command is sent until it is unplugged or you resume"
    if session.hand is not Hand.NONE:
        did = "started" if session.hand is Hand.CHARGING else "stopped"
        return f"{seat.title}: {level}, {did} by hand; left alone until it is unplugged or you resume"
    if promise is None:
        return f"{seat.title}: {level}, plugged in, no plan yet"
    return promise_sentence(seat.title, promise, soc_pct, now, seat.driver.timezone, charging=state.charging)


def _asked(seat: Seat, state: VehicleState, promise: Promise | None, now: datetime) -> str:
    """Say what a wish to charge at once comes to."""
    target_pct = promise.goal.target_pct if promise is not None and promise.goal is not None else 100.0
    vehicle = seat.car.vehicle
    if state.soc_pct is None:
        return f"charging to {target_pct:.0f} % now, because you asked"
    full_at = now + charge_time(vehicle, state.soc_pct, target_pct, vehicle.max_power_kw)
    return f"charging to {target_pct:.0f} % now, because you asked; done about {full_at.astimezone(seat.driver.timezone):%H:%M}"


def next_of(promise: Promise | None, override: Override, now: datetime) -> tuple[datetime | None, str]:
    """Return what happens next by plan, and when: start, stop or departure; None and "" where nothing is planned."""
    if promise is None or override is not Override.NONE:
        return None, ""
    at = promise.plan.next_change(now)
    if at is None:
        return (promise.goal.ready_by, "departure") if promise.goal and promise.goal.ready_by > now else (None, "")
    return at, "start" if promise.plan.wants_charging_at(at) else "stop"
