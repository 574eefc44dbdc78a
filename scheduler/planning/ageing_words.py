"""What standing full costs the battery, in words: from when to when, for about how much, and what was paid to spare it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from scheduler.domain.promise import Promise
from scheduler.planning.words import moment_words, money_words

CENT = 0.005


def told_notes(promise: Promise, now: datetime, timezone: ZoneInfo) -> tuple[str, ...]:
    """
    Return the notes of *promise*, and what its plan does to the battery. Moments are told as seen from *now*.

    The latter is told of the plan and kept in no note: a note that changes is a fact that moves plans.
    """
    return (*promise.notes, *ageing_words(promise, now, timezone))


def ageing_words(promise: Promise, now: datetime, timezone: ZoneInfo) -> Iterator[str]:
    """Yield how long the battery stands above the daily limit and what that costs it, and what sparing it costs."""
    ageing, until = promise.ageing, promise.departure
    if ageing is None or until is None:
        return
    since, wear = ageing.wear.begins(promise.plan), ageing.wear
    if since is not None:
        aged = wear.cost(promise.plan, until)
        span = f"from {moment_words(since, now, timezone)} to {moment_words(until, now, timezone)}"
        worth = f"that ages it by {_about(aged, promise.currency)}" if wear.priced else _unknown(promise.currency)
        yield f"{span} the battery stands above {wear.limit_pct:.0f} %; {worth}"
    if max(abs(ageing.dearer), ageing.spared) >= CENT:
        yield (
            f"what lies above {wear.limit_pct:.0f} % is charged late: that costs "
            f"{_about(ageing.dearer, promise.currency)} more, and spares the battery "
            f"{_about(ageing.spared, promise.currency)} of ageing"
        )


def proof_words(promise: Promise) -> Iterator[str]:
    """Yield how sure it is that no plan is better, the ageing counted; nothing where the plan is the cheapest one anyhow."""
    ageing = promise.ageing
    if ageing is None or max(abs(ageing.dearer), ageing.spared) < CENT:
        return
    if ageing.off < CENT:
        yield "ageing counted, no other plan costs less"
    else:
        money = money_words(ageing.off, promise.currency)
        yield f"ageing counted, no other plan costs less by more than {money}"


def _about(amount: float, currency: str) -> str:
    """Return an amount that is no more than an order, as such."""
    return f"less than {money_words(2 * CENT, currency)}" if amount < CENT else f"about {money_words(amount, currency)}"


def _unknown(currency: str) -> str:
    where = f" in {currency}" if currency else ""
    return f"what that ages it by is not known{where}, so it only decides between plans of equal cost"
