"""Prepaid credit under /api/v1/drivers: what is left, a receipt, and adding to it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from scheduler.prepaying import Account, Prepaying
from scheduler.web.answers import Answer
from scheduler.web.api import ANYWHERE, FOREIGN_WRITE, PREFIX, UNKNOWN_NAME

Driver = Annotated[str, Path(description="A driver's name, or a car's of theirs", max_length=200)]


class AccountAnswer(Answer):
    """
    A driver's credit. The balance is decimal text in `unit`, exact: `kWh` to the watt-hour, or a currency's code to the
    ten-thousandth.
    """

    driver: str
    balance: str
    unit: str
    sentence: str
    receipt: list[str]

    @classmethod
    def of(cls, account: Account) -> AccountAnswer:
        return cls(
            driver=account.driver_id,
            balance=str(account.balance.value),
            unit=account.balance.unit,
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
        name: Driver,
        amount: Annotated[str, Query(description="For example 20kWh or 10EUR", max_length=40)],
        reference: Annotated[
            str,
            Query(description="A name for the purchase, which is made once however often it is tried", max_length=100),
        ] = "",
    ) -> AccountAnswer:
        return AccountAnswer.of(prepaying.add(name, amount, reference))

    @router.delete("/{name}/credit", summary="Pay out what is left", responses=UNKNOWN_NAME | FOREIGN_WRITE)
    async def pay_out(name: Driver) -> AccountAnswer:
        return AccountAnswer.of(prepaying.pay_out(name))

    return router
