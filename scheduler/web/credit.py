"""Prepaid credit under /api/v1/drivers: what is left, a receipt, and adding to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from scheduler.prepaying import Account, Prepaying
from scheduler.web.answers import Answer
from scheduler.web.api import ANYWHERE, FOREIGN_WRITE, PREFIX, UNKNOWN_NAME

Driver = Annotated[str, Path(description="A driver's name, or a car's of theirs", max_length=200)]


class AccountAnswer(Answer):
    """A driver's credit. Amounts are decimal text, exact to the watt-hour."""

    driver: str
    balance_kwh: str
    sentence: str
    receipt: list[str]

    @classmethod
    def of(cls, account: Account) -> AccountAnswer:
        return cls(
            driver=account.driver_id,
            balance_kwh=str(account.balance_kwh),
            sentence=account.sentence,
            receipt=list(account.receipt),
        )


def credit(prepaying: Prepaying) -> APIRouter:
    """Return the routes. A driver who is not prepaid, or unknown, is a 422 in words."""
    router = APIRouter(prefix=f"{PREFIX}/drivers", responses=ANYWHERE)

    @router.get("/{name}/credit", summary="What a prepaid driver has left, with a receipt", responses=UNKNOWN_NAME)
    async def account(name: Driver) -> AccountAnswer:
        return AccountAnswer.of(prepaying.account(name))

    @router.post("/{name}/credit", summary="Add to a driver's credit", responses=UNKNOWN_NAME | FOREIGN_WRITE)
    async def add(
        name: Driver, kwh: Annotated[str, Query(description="For example 20kWh", max_length=40)]
    ) -> AccountAnswer:
        return AccountAnswer.of(prepaying.add(name, kwh))

    return router
