"""A driver is told what only they can mend: once when it begins, once when it is over, and not again after a crash."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from scheduler.domain.driver import NoticeAddress
from scheduler.domain.errors import NoticeFailed
from scheduler.domain.notice import Concern, Notice
from tests.stories.street import Street, parked, resident

LATE = datetime(2026, 2, 3, 4, 0, tzinfo=UTC)
"""05:00 in Berlin: two hours before a departure that needs four."""


class Postbox:
    """Takes notices, unless it is `shut`."""

    def __init__(self, *, shut: bool = False) -> None:
        self.shut, self.asked = shut, 0
        self.got: list[tuple[Concern, bool, bool]] = []
        self.sentences: list[str] = []

    async def send(self, address: NoticeAddress, notice: Notice) -> None:
        self.asked += 1
        if self.shut:
            raise NoticeFailed("no answer")
        self.got.append((notice.concern, notice.over, notice.simulated))
        self.sentences.append(notice.sentence)

    async def aclose(self) -> None:
        return None


def street_of(state: Path, postbox: Postbox, soc_pct: float = 10) -> Street:
    ada = replace(resident("ada", at=time(7)), notify=NoticeAddress("http://postbox/ada"))
    ben = resident("ben", at=time(7))
    cars = (parked("ada", soc_pct), parked("ben", soc_pct))
    return Street(state, LATE, (ada, ben), cars, notifier=postbox)


def names(street: Street) -> list[str]:
    return [event.name for event in street.house.store.events(0, 1000) if event.name.startswith("driver.")]


def test_a_car_that_cannot_be_ready_is_told_once_and_once_that_it_is_over(tmp_path: Path) -> None:
    postbox = Postbox()
    street = street_of(tmp_path, postbox)

    async def story(street: Street) -> None:
        await street.hours(0.5)
        await street.kill()
        await street.open()
        await street.hours(0.5)
        street.world.unplug("ada")
        street.world.unplug("ben")
        await street.hours(0.5)

    street.live(story)

    assert [(Concern.SHORT, False, True), (Concern.SHORT, True, True)] == postbox.got
    assert "Ada" in postbox.sentences[0]


def test_an_address_that_does_not_answer_stops_nothing_and_is_tried_again_less_often(tmp_path: Path) -> None:
    postbox = Postbox(shut=True)
    street = street_of(tmp_path, postbox)

    async def story(street: Street) -> list[str]:
        await street.until(LATE + timedelta(minutes=50))
        asked, names_before = postbox.asked, names(street)
        postbox.shut = False
        await street.hours(1.2)
        return [str(asked), *names_before, *names(street)]

    asked, *told = street.live(story)

    assert asked in ("3", "4")
    assert ["driver.untold", "driver.untold", "driver.told"] == told[:3]
    assert street.world.truth("ada").soc_pct > 30


def test_a_car_that_is_well_is_told_nothing(tmp_path: Path) -> None:
    postbox = Postbox()

    street_of(tmp_path, postbox, soc_pct=70).live(lambda street: street.hours(1))

    assert [] == postbox.got
