"""What is told to a driver, and how often at most."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from scheduler.domain.consent import Consent, ConsentStatus
from scheduler.domain.driver import NoticeAddress
from scheduler.domain.notice import Concern, Notice
from scheduler.domain.roster import Roster
from scheduler.noticing import MOST_A_DAY, Noticing
from tests.web.fleet import ADA, Fleet, a_driver

ADDRESS = NoticeAddress("https://ntfy.example/ada")


class Postbox:
    """Takes every notice."""

    def __init__(self) -> None:
        self.got: list[Notice] = []

    async def send(self, address: NoticeAddress, notice: Notice) -> None:
        assert ADDRESS == address
        self.got.append(notice)

    async def aclose(self) -> None:
        return None


def flapping(fleet: Fleet, postbox: Postbox, times: int) -> Noticing:
    """Let Ada's consent be lost and come back, *times* over, a minute apart."""
    roster = Roster(fleet.drivers)
    noticing = Noticing(fleet.clock, fleet.store, fleet, postbox, fleet.operations, lambda: roster)
    for _ in range(times):
        for status in (ConsentStatus.LOST, ConsentStatus.GIVEN):
            fleet.consents[ADA] = Consent(ADA, status)
            asyncio.run(noticing.tell())
            fleet.clock.advance(60)
    return noticing


def a_fleet() -> Fleet:
    return Fleet(replace(a_driver("Ada", "ID.3", ADA), notify=ADDRESS))


def test_what_begins_and_what_is_over_is_told_once_each() -> None:
    fleet, postbox = a_fleet(), Postbox()

    noticing = flapping(fleet, postbox, 1)
    asyncio.run(noticing.tell())

    assert [(Concern.CONSENT, False), (Concern.CONSENT, True)] == [(each.concern, each.over) for each in postbox.got]


def test_no_car_tells_more_than_its_share_of_a_day_also_after_a_restart() -> None:
    fleet, postbox = a_fleet(), Postbox()

    flapping(fleet, postbox, MOST_A_DAY)
    flapping(fleet, postbox, 1)
    assert MOST_A_DAY == len(postbox.got)

    fleet.clock.advance(86_400)
    flapping(fleet, postbox, 1)
    assert MOST_A_DAY + 2 == len(postbox.got)


def test_a_driver_without_an_address_is_told_on_the_page_only() -> None:
    fleet, postbox = Fleet(a_driver("Ada", "ID.3", ADA)), Postbox()

    flapping(fleet, postbox, 1)

    assert [] == postbox.got
