"""What a turn has to say of promises and credits: each once, when it begins to be so."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.dispatch.decide import Situation
from scheduler.dispatch.prepaid import Standing
from scheduler.domain.command import Reason
from scheduler.domain.event import Fact
from scheduler.domain.plan import PlanOutcome
from scheduler.domain.promise import Promise
from scheduler.domain.roster import Seat
from scheduler.domain.session import ChargeSession
from scheduler.ports import Journal, Ledger


class Telling:
    """Speaks through the journal. What was said before is read from the ledger, so a restart repeats nothing."""

    def __init__(self, ledger: Ledger, journal: Journal) -> None:
        self._store, self._journal = ledger, journal

    def departure(self, seat: Seat, closed: ChargeSession, now: datetime) -> None:
        """Say it when a car left below its target on the day of its departure."""
        promise = self._store.promise(seat.vehicle_id)
        if promise is None or promise.goal is None or closed.end_soc_pct is None:
            return
        left_at = closed.unplugged_at or now
        if abs(promise.goal.ready_by - left_at) > timedelta(hours=2):
            return
        if closed.end_soc_pct < promise.goal.target_pct - 1:
            self._journal.note(
                "plan.missed", seat.vehicle_id, soc_pct=closed.end_soc_pct, target_pct=promise.goal.target_pct
            )

    def promise(self, before: Promise | None, fresh: Promise) -> None:
        """Tell a new promise, that its target is reached, or that it falls short."""
        plan, vehicle_id = fresh.plan, fresh.vehicle_id
        if plan.outcome is PlanOutcome.NOTHING_NEEDED:
            if before is not None and before.plan.windows and fresh.goal is not None:
                self._journal.note("plan.reached", vehicle_id, soc_pct=fresh.soc_pct, target_pct=fresh.goal.target_pct)
            return
        start = plan.windows[0].start.isoformat() if plan.windows else None
        self._journal.note(
            "plan.made",
            vehicle_id,
            outcome=plan.outcome.value,
            energy_kwh=round(plan.energy_kwh, 2),
            cost=round(plan.cost, 2),
            windows=len(plan.windows),
            first_start=start,
        )
        if plan.shortfall_kwh > 0.01 and (before is None or before.plan.shortfall_kwh <= 0.01):
            self._journal.note(
                "plan.short", vehicle_id, outcome=plan.outcome.value, shortfall_kwh=round(plan.shortfall_kwh, 2)
            )

    def spent(self, seat: Seat, situation: Situation, standing: Standing) -> None:
        """Say it once in a plug-in that a prepaid credit is used up; that a price is not known leaves it as it is."""
        if not standing.unpriced and not any(command.reason is Reason.CREDIT for command in situation.commands):
            left = self._store.balance(seat.driver.id)
            facts: dict[str, Fact] = {"left_kwh": float(left.value)} if left.energy else {"left": str(left)}
            self._journal.note("credit.spent", seat.vehicle_id, **facts)
