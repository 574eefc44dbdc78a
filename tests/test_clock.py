from __future__ import annotations

import asyncio
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.clock import LoopClock, ManualClock, ScaledClock, SystemClock, VirtualLoop, run_virtually
from scheduler.domain.errors import InvalidValue

DUSK = datetime(2026, 2, 1, 17, tzinfo=UTC)
ANCHOR = datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_the_machines_clock_is_aware_and_in_utc() -> None:
    assert UTC is SystemClock().now().tzinfo


def test_the_machines_durations_never_go_back() -> None:
    clock = SystemClock()

    earlier, later = clock.monotonic(), clock.monotonic()

    assert earlier <= later


def test_a_machine_that_is_awake_is_suspended_no_longer_than_before() -> None:
    clock = SystemClock()

    assert clock.suspended_s() == pytest.approx(clock.suspended_s(), abs=0.1)


@pytest.mark.parametrize("clock", [ScaledClock(DUSK, ANCHOR, 60), ManualClock(DUSK)])
def test_a_made_up_clock_is_never_suspended(clock: ScaledClock | ManualClock) -> None:
    assert clock.suspended_s() == 0


@pytest.mark.live
def test_the_machines_sleep_takes_its_time() -> None:
    clock = SystemClock()
    begun = clock.monotonic()

    asyncio.run(clock.sleep(0.02))

    assert clock.monotonic() - begun >= 0.019


def test_a_scaled_clock_shows_its_start_at_the_anchor_and_runs_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = ScaledClock(DUSK, ANCHOR, scale=600)
    machine = ANCHOR

    class Machine(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]  # what this clock asks the machine
            return machine

    monkeypatch.setattr("scheduler.clock.datetime", Machine)
    shown_first = clock.now()
    machine += timedelta(seconds=60)

    assert DUSK == shown_first
    assert DUSK + timedelta(hours=10) == clock.now()


def test_two_processes_with_the_same_three_values_agree() -> None:
    text = "2026-02-01T17:00:00Z@2026-11-22T10:00:00Z*1"

    ours, theirs = ScaledClock.parse(text), ScaledClock.parse(text.replace("17:00:00Z", "18:00:00+01:00"))

    assert abs(ours.now() - theirs.now()) < timedelta(seconds=5)


def test_a_scaled_clock_sleeps_shorter_by_its_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def note(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", note)

    asyncio.run(ScaledClock(DUSK, ANCHOR, scale=600).sleep(30))

    assert [0.05] == slept


def test_durations_of_a_scaled_clock_are_longer_by_its_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 7.0)

    assert ScaledClock(DUSK, ANCHOR, scale=600).monotonic() == 4200


@pytest.mark.parametrize("scale", [0, -1])
def test_a_clock_never_stands_still_or_runs_back(scale: float) -> None:
    with pytest.raises(InvalidValue, match="scale must be above 0"):
        ScaledClock(DUSK, ANCHOR, scale)


@pytest.mark.parametrize("text", ["", "2026-02-01T17:00:00Z", "2026-02-01T17:00:00Z@now*60", "noon@noon*fast"])
def test_a_clock_that_cannot_be_read_says_how_it_is_written(text: str) -> None:
    with pytest.raises(InvalidValue, match=r"START@ANCHOR\*SCALE"):
        ScaledClock.parse(text)


def test_a_manual_clock_stands_until_it_is_moved() -> None:
    clock = ManualClock(DUSK.astimezone(ZoneInfo("Europe/Berlin")))

    assert (DUSK, DUSK, UTC) == (clock.now(), clock.now(), clock.now().tzinfo)


def test_time_that_passes_moves_both_clocks() -> None:
    clock = ManualClock(DUSK)

    clock.advance(90)

    assert (DUSK + timedelta(seconds=90), 90.0) == (clock.now(), clock.monotonic())


def test_a_step_moves_the_wall_clock_alone() -> None:
    clock = ManualClock(DUSK)

    clock.step(-3600)

    assert (DUSK - timedelta(hours=1), 0.0) == (clock.now(), clock.monotonic())


def test_sleeping_on_a_manual_clock_moves_it() -> None:
    clock = ManualClock(DUSK)

    asyncio.run(clock.sleep(60))

    assert DUSK + timedelta(minutes=1) == clock.now()


def test_a_night_passes_in_virtual_time() -> None:
    loop = VirtualLoop()
    clock = LoopClock(DUSK, loop)

    run_virtually(clock.sleep(14 * 3600), loop)

    assert DUSK + timedelta(hours=14) == clock.now()
    assert (14 * 3600, 0) == (clock.monotonic(), clock.suspended_s())


def test_a_step_in_virtual_time_moves_the_wall_clock_alone() -> None:
    loop = VirtualLoop()
    clock = LoopClock(DUSK, loop)

    clock.step(-3600)
    run_virtually(clock.sleep(60), loop)

    assert DUSK - timedelta(minutes=59) == clock.now()
    assert clock.monotonic() == 60


def test_sleepers_wake_in_the_order_of_their_times() -> None:
    loop = VirtualLoop()
    clock = LoopClock(DUSK, loop)
    woken: list[tuple[str, datetime]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append((name, clock.now()))

    async def night() -> None:
        await asyncio.gather(sleeper("late", 7200), sleeper("early", 60), sleeper("middle", 3600))

    run_virtually(night(), loop)

    expected = [
        ("early", DUSK + timedelta(seconds=60)),
        ("middle", DUSK + timedelta(hours=1)),
        ("late", DUSK + timedelta(hours=2)),
    ]
    assert expected == woken


def test_a_time_out_comes_when_its_virtual_time_is_up() -> None:
    loop = VirtualLoop()
    clock = LoopClock(DUSK, loop)

    async def wait() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(clock.sleep(3600), timeout=30)

    run_virtually(wait(), loop)

    assert DUSK + timedelta(seconds=30) == clock.now()


def test_a_year_of_virtual_time_still_keeps_the_second() -> None:
    loop = VirtualLoop()
    clock = LoopClock(DUSK, loop)

    async def year() -> None:
        await clock.sleep(365 * 24 * 3600)
        await clock.sleep(0.25)
        await clock.sleep(1e-3)

    run_virtually(year(), loop)

    assert clock.now() - DUSK - timedelta(days=365) == pytest.approx(
        timedelta(seconds=0.251), abs=timedelta(milliseconds=1)
    )


def test_what_is_left_running_is_cancelled_at_the_end() -> None:
    loop = VirtualLoop()
    ended: list[str] = []

    async def heartbeat() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("heartbeat")

    async def main() -> str:
        task = asyncio.create_task(heartbeat())
        await asyncio.sleep(60)
        return "still beating" if not task.done() else "dead"

    assert run_virtually(main(), loop) == "still beating"
    assert ["heartbeat"] == ended
    assert loop.is_closed()


def test_an_error_ends_virtual_time_and_closes_the_loop_all_the_same() -> None:
    loop = VirtualLoop()

    async def main() -> None:
        await asyncio.sleep(60)
        raise InvalidValue("found at night")

    with pytest.raises(InvalidValue, match="found at night"):
        run_virtually(main(), loop)
    assert loop.is_closed()


def test_work_that_never_lets_time_pass_is_told_and_hangs_nobody() -> None:
    async def main() -> None:
        while True:
            await LoopClock(DUSK, asyncio.get_running_loop()).sleep(0)

    with pytest.raises(RuntimeError, match=r"virtual time stands still: 100000 turns of the loop at 0\.000 s"):
        run_virtually(main(), VirtualLoop())


def test_work_that_goes_on_for_ever_is_told_after_the_longest_span() -> None:
    async def main() -> None:
        while True:
            await LoopClock(DUSK, asyncio.get_running_loop()).sleep(3600)

    with pytest.raises(RuntimeError, match="virtual time ran on to 90000 s: something goes on that was to end"):
        run_virtually(main(), VirtualLoop(timedelta(days=1)))


def test_a_task_that_swallows_its_end_is_told_when_the_loop_is_closed() -> None:
    async def stubborn() -> None:
        while True:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(600)

    async def main() -> asyncio.Task[None]:
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(60)
        return task

    with pytest.raises(RuntimeError, match="something goes on that was to end"):
        _ = run_virtually(main(), VirtualLoop())


def test_a_thread_can_wake_a_loop_that_has_nothing_to_wait_for() -> None:
    loop = VirtualLoop()

    async def main() -> str:
        answer: asyncio.Future[str] = loop.create_future()
        threading.Thread(target=lambda: loop.call_soon_threadsafe(answer.set_result, "woken")).start()
        return await answer

    assert run_virtually(main(), loop) == "woken"
