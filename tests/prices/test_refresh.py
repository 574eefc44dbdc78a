import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from scheduler.clock import ManualClock
from scheduler.domain.tariff import TariffId
from scheduler.prices.feeds.fetch import Fetcher
from scheduler.prices.refresh import PriceRefresher
from scheduler.prices.tariff import Tariff, TariffSettings, tariff_of
from scheduler.prices.wall import local_day
from tests.prices.memory import MemoryArchive, MemoryJournal, Wire

BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2026, 2, 10, 11, tzinfo=UTC)
HOME = TariffId("home")


def market_day(day: str, price: float, hours: int | None = None) -> dict[str, list[float]]:
    """A day of Energy-Charts, hourly prices that differ by a cent."""
    span = local_day(datetime.fromisoformat(day).date(), BERLIN)
    count = hours or int(span.duration / timedelta(hours=1))
    starts = [int((span.start + timedelta(hours=hour)).timestamp()) for hour in range(count)]
    return {"unix_seconds": [*starts], "price": [price + hour for hour in range(count)]}


def energy_charts(*days: dict[str, list[float]]) -> Callable[[httpx.Request], httpx.Response]:
    content = {
        "license_info": "CC BY 4.0",
        "unix_seconds": [stamp for day in days for stamp in day["unix_seconds"]],
        "price": [price for day in days for price in day["price"]],
        "unit": "EUR / MWh",
    }
    return lambda _: httpx.Response(200, json=content)


def answers(
    status: int, text: str = "", headers: dict[str, str] | None = None
) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _: httpx.Response(status, text=text, headers=headers)


def home(tariff_id: str = "home", **settings: object) -> Tariff:
    content = {
        "id": tariff_id,
        "timezone": "Europe/Berlin",
        "currency": "EUR",
        "feed": {"kind": "energy_charts"},
        **settings,
    }
    return tariff_of(TariffSettings.model_validate_json(json.dumps(content)), Path())


class House:
    """A refresher with its clock, wire, archive and journal; `restart` keeps only what is durable."""

    def __init__(
        self,
        answer: Callable[[httpx.Request], httpx.Response],
        tariffs: Sequence[Tariff] = (),
        now: datetime = NOON,
        seed: str = "here",
    ) -> None:
        self.clock, self.archive, self.journal, self.wire = (
            ManualClock(now),
            MemoryArchive(),
            MemoryJournal(),
            Wire(answer),
        )
        self._tariffs, self._seed = tuple(tariffs) or (home(),), seed
        self.prices = self._refresher()

    def _refresher(self) -> PriceRefresher:
        fetcher = Fetcher(self.clock, lambda _: None, self.wire.transport, seed=self._seed)
        return PriceRefresher(self._tariffs, fetcher, self.archive, self.journal, self.clock, seed=self._seed)

    def restart(self) -> None:
        self.prices = self._refresher()

    def refresh(self) -> set[TariffId]:
        return asyncio.run(self.prices.refresh(self.clock.now()))

    def pass_time(self, hours: float) -> None:
        """Let time pass, refreshing whenever the refresher asks to be called."""
        end = self.clock.now() + timedelta(hours=hours)
        while (due := self.prices.next_poll(self.clock.now())) < end:
            self.clock.advance(max((due - self.clock.now()).total_seconds(), 1.0))
            self.refresh()
        self.clock.advance((end - self.clock.now()).total_seconds())

    def prices_at(self, moment: datetime) -> float | None:
        curve = self.prices.curve(HOME)
        slot = None if curve is None else curve.slot_at(moment)
        return None if slot is None else slot.price_per_kwh


def test_the_first_refresh_asks_and_the_curve_is_what_the_driver_pays() -> None:
    taxed = home(markup={"per_kwh": 0.1}, tax={"vat": 0.5})
    house = House(energy_charts(market_day("2026-02-10", 100)), [taxed])

    changed = house.refresh()

    assert {HOME} == changed
    assert pytest.approx((0.111 + 0.1) * 1.5) == house.prices_at(datetime(2026, 2, 10, 10, 30, tzinfo=UTC))
    assert ["prices.fetched"] == house.journal.names()


def test_no_two_households_ask_again_in_the_same_second() -> None:
    houses = [House(energy_charts(market_day("2026-02-10", 100)), seed=f"host-{number}") for number in range(10)]

    asked_again = set()
    for house in houses:
        house.refresh()
        asked_again.add(house.prices.next_poll(house.clock.now()).replace(microsecond=0))

    assert 10 == len(asked_again)


def test_two_drivers_on_one_market_cost_one_request() -> None:
    house = House(energy_charts(market_day("2026-02-10", 100)), [home("one"), home("two", levies={"per_kwh": 0.02})])

    changed = house.refresh()

    assert {"one", "two"} == changed
    assert 1 == len(house.wire.asked)


def test_nothing_is_asked_between_two_polls() -> None:
    house = House(energy_charts(market_day("2026-02-10", 100)))
    house.refresh()

    house.clock.advance(600)
    changed = house.refresh()

    assert set() == changed
    assert 1 == len(house.wire.asked)


def test_tomorrow_is_asked_for_from_shortly_after_one_o_clock() -> None:
    house = House(energy_charts(market_day("2026-02-10", 100)))
    house.refresh()

    due = house.prices.next_poll(house.clock.now()).astimezone(BERLIN)

    assert datetime(2026, 2, 10, 13, 5, tzinfo=BERLIN) <= due <= datetime(2026, 2, 10, 13, 9, tzinfo=BERLIN)


def test_tomorrow_not_published_is_no_failure_and_late_is_said_once() -> None:
    house = House(energy_charts(market_day("2026-02-10", 100)))

    house.refresh()
    house.pass_time(hours=8)

    assert ["prices.fetched", "prices.late"] == house.journal.names()
    assert 0.123 == house.prices_at(datetime(2026, 2, 10, 22, 30, tzinfo=UTC))


def test_tomorrow_once_complete_is_confirmed_once_and_then_left_in_peace() -> None:
    house = House(energy_charts(market_day("2026-02-10", 100)))
    house.refresh()
    house.wire.answer = energy_charts(market_day("2026-02-10", 100), market_day("2026-02-11", 50))

    house.pass_time(hours=12)

    assert 3 == len(house.wire.asked)
    assert 0.05 == house.prices_at(datetime(2026, 2, 10, 23, 30, tzinfo=UTC))


def test_a_second_auction_replaces_what_the_first_said() -> None:
    house = House(energy_charts(market_day("2026-02-10", 100)))
    house.refresh()
    house.wire.answer = energy_charts(market_day("2026-02-10", 100), market_day("2026-02-11", 50))
    house.pass_time(hours=1.25)
    house.wire.answer = energy_charts(market_day("2026-02-10", 100), market_day("2026-02-11", 70))

    house.pass_time(hours=2)

    assert 0.07 == house.prices_at(datetime(2026, 2, 10, 23, 30, tzinfo=UTC))


def test_a_shorter_answer_never_deletes_known_future_prices() -> None:
    house = House(energy_charts(market_day("2026-02-10", 100), market_day("2026-02-11", 50)))
    house.refresh()
    house.wire.answer = energy_charts(market_day("2026-02-10", 100, hours=4))

    house.pass_time(hours=6)

    assert 2 <= len(house.wire.asked)
    assert 0.05 == house.prices_at(datetime(2026, 2, 10, 23, 30, tzinfo=UTC))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (answers(500), "answered 500"),
        (answers(200, "<html>back soon</html>"), "HTML"),
        (answers(200, '{"unix_seconds": [1'), "expected JSON"),
        (answers(200, '{"unix_seconds": [1, 2], "price": [3]}'), "2 times but 1 prices"),
        (
            energy_charts({"unix_seconds": [1770678000 + 900 * n for n in range(96)], "price": [0.0] * 96}),
            "all prices are 0",
        ),
        (
            energy_charts(
                {"unix_seconds": [1770678000 + 900 * n for n in range(96)], "price": [9e5 + n for n in range(96)]}
            ),
            "unit",
        ),
    ],
    ids=["down", "maintenance page", "cut", "lopsided", "zeros", "wrong unit"],
)
def test_a_failure_keeps_the_last_good_curve_and_is_told_once_when_it_begins_and_once_when_it_ends(
    answer: Callable[[httpx.Request], httpx.Response], reason: str
) -> None:
    good = energy_charts(market_day("2026-02-10", 100))
    house = House(good)
    house.refresh()
    house.wire.answer = answer

    house.pass_time(hours=6)
    told = house.journal.names()
    house.wire.answer = good
    house.pass_time(hours=2)

    assert ["prices.fetched", "prices.failed", "prices.late"] == told
    assert reason in str(house.journal.noted[1][1]["reason"])
    assert [*told, "prices.recovered"] == house.journal.names()
    assert 0.111 == house.prices_at(datetime(2026, 2, 10, 10, 30, tzinfo=UTC))


def test_a_broken_connection_is_a_failure_without_the_url() -> None:
    def cut(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadError("cut", request=request)

    house = House(cut)

    house.refresh()

    assert [
        (
            "prices.failed",
            {"feed": "energy_charts DE-LU", "reason": "api.energy-charts.info did not answer (ReadError)"},
        )
    ] == house.journal.noted


def test_retry_after_is_honoured_by_every_tariff_on_the_host() -> None:
    tariffs = [home("one"), home("two", feed={"kind": "energy_charts", "zone": "AT"})]
    house = House(answers(429, headers={"Retry-After": "7200"}), tariffs)

    house.refresh()
    asked = len(house.wire.asked)
    house.pass_time(hours=1.9)

    assert 1 == asked
    assert asked == len(house.wire.asked)
    assert house.prices.next_poll(house.clock.now()) >= NOON + timedelta(hours=2)


def test_a_host_that_is_down_is_asked_with_growing_pauses_up_to_an_hour() -> None:
    house = House(answers(503))

    house.refresh()
    house.pass_time(hours=24)

    # 1, 2, 4, 8, 16 and 32 minutes, then about hourly (up to a quarter longer, by the jitter).
    assert 24 <= len(house.wire.asked) <= 32


def test_a_request_the_feed_calls_wrong_is_not_repeated_before_the_next_day() -> None:
    house = House(answers(400, '{"detail": "unknown bidding zone"}'))

    house.refresh()
    house.pass_time(hours=23)

    assert 1 == len(house.wire.asked)
    assert "unknown bidding zone" in str(house.journal.noted[0][1]["reason"])


def test_after_a_restart_the_prices_are_there_at_once_and_nobody_is_asked_again() -> None:
    house = House(energy_charts(market_day("2026-02-10", 100)))
    house.refresh()
    before = house.prices.curve(HOME)

    house.restart()
    after = house.prices.curve(HOME)
    house.refresh()

    assert before == after
    assert 1 == len(house.wire.asked)


def test_after_a_restart_the_tariffs_new_fees_apply_to_prices_fetched_before() -> None:
    house = House(energy_charts(market_day("2026-02-10", 100)))
    house.refresh()

    house._tariffs = (home(levies={"per_kwh": 0.5}),)
    house.restart()

    assert 0.611 == house.prices_at(datetime(2026, 2, 10, 10, 30, tzinfo=UTC))


def test_prices_in_another_currency_are_refused() -> None:
    house = House(energy_charts(market_day("2026-02-10", 100)), [home(currency="GBP")])

    house.refresh()

    assert house.prices.curve(HOME) is None
    assert "expected GBP" in str(house.journal.noted[0][1]["reason"])


def test_a_fallback_is_asked_only_while_the_first_feed_leaves_it_wanting() -> None:
    fallback = {"energy": {"default": 0.3}}
    house = House(answers(503), [home(fallback=[fallback])])

    house.refresh()
    by_fallback = house.prices_at(NOON)
    house.wire.answer = energy_charts(market_day("2026-02-10", 100))
    house.pass_time(hours=0.5)

    assert 0.3 == by_fallback
    assert 0.112 == house.prices_at(NOON)


def test_a_written_tariff_knows_next_week_and_its_horizon_moves_with_midnight() -> None:
    house = House(answers(500), [home(feed=None, energy={"default": 0.3})])

    house.refresh()
    first = house.prices.curve(HOME)
    house.pass_time(hours=24)
    second = house.prices.curve(HOME)

    assert first is not None
    assert second is not None
    assert datetime(2026, 2, 18, 23, tzinfo=UTC) == first.known_until(NOON)
    assert datetime(2026, 2, 19, 23, tzinfo=UTC) == second.known_until(NOON)
    assert [] == house.wire.asked


def test_accepted_payloads_are_kept_once() -> None:
    house = House(energy_charts(market_day("2026-02-10", 100)))

    house.refresh()
    house.pass_time(hours=4)

    assert 1 == len(house.archive.bodies)


def test_a_body_of_fifty_megabytes_is_not_read_to_its_end() -> None:
    sent = 0

    async def flood() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(50):
            sent += 1
            yield b" " * 1024 * 1024

    house = House(lambda _: httpx.Response(200, content=flood()))

    house.refresh()

    assert 6 >= sent
    assert "larger than 5 MiB" in str(house.journal.noted[0][1]["reason"])


def test_with_a_forecast_the_days_after_the_published_ones_are_foreseen_from_past_days() -> None:
    house = House(
        energy_charts(market_day("2026-02-01", 100)), [home(forecast_days=2)], now=datetime(2026, 2, 1, 11, tzinfo=UTC)
    )
    house.refresh()
    for day in range(2, 11):
        house.clock.advance(24 * 3600)
        house.wire.answer = energy_charts(market_day(f"2026-02-{day:02}", 100 + day))
        house.refresh()

    after_ten_days = house.prices.curve(HOME)
    house.restart()
    house.refresh()
    restarted = house.prices.curve(HOME)

    assert after_ten_days is not None
    assert datetime(2026, 2, 10, 23, tzinfo=UTC) == after_ten_days.known_until(house.clock.now())
    foreseen = [slot for slot in after_ten_days.slots if not slot.firm]
    assert (datetime(2026, 2, 10, 23, tzinfo=UTC), datetime(2026, 2, 12, 23, tzinfo=UTC)) == (
        foreseen[0].start,
        foreseen[-1].end,
    )
    assert 0.1 < foreseen[0].price_per_kwh < 0.112
    assert "a forecast from the last weeks" in after_ten_days.source
    assert restarted is not None
    assert foreseen == [slot for slot in restarted.slots if not slot.firm]


def test_planned_dispatches_are_asked_for_every_few_minutes_while_a_car_is_plugged_in_and_else_hourly() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        login = b"obtainKrakenToken" in request.read()
        data: dict[str, object] = {"obtainKrakenToken": {"token": "t"}} if login else {"flexPlannedDispatches": []}
        return httpx.Response(200, json={"data": data})

    feed = {"kind": "octopus_intelligent", "device": "d", "energy": {"default": 0.27}, "dispatched": 0.07}
    plugged_in: set[TariffId] = set()
    clock = ManualClock(NOON)
    prices = PriceRefresher(
        [home(timezone="Europe/London", currency="GBP", feed=feed)],
        Fetcher(clock, lambda _: "key", Wire(answer).transport),
        MemoryArchive(),
        MemoryJournal(),
        clock,
        plugged_in=plugged_in.__contains__,
    )
    asyncio.run(prices.refresh(NOON))

    idle = prices.next_poll(NOON) - NOON
    plugged_in.add(HOME)
    awake = prices.next_poll(NOON) - NOON

    assert timedelta(hours=1) == idle
    assert timedelta(minutes=4) < awake < timedelta(minutes=6)
