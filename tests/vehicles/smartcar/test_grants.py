"""v2's rotating tokens: whatever happens, the pair that lives is the pair that is stored."""

from __future__ import annotations

import asyncio
import random
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
import uvicorn

from scheduler.clock import LoopClock, SystemClock, VirtualLoop, run_virtually
from scheduler.domain.errors import ConsentLost, VehicleError, VehicleUnreachable
from scheduler.ports import Clock
from scheduler.vehicles.smartcar.channel import Channels
from scheduler.vehicles.smartcar.faults import CredentialsRefused
from scheduler.vehicles.smartcar.grant_directory import GrantDirectory
from scheduler.vehicles.smartcar.grants import Grant, GrantId, GrantKeeper
from scheduler.vehicles.smartcar.settings import SmartcarSettings
from scheduler.vehicles.smartcar.vault import Vault, new_key_line, vault_from
from tests.vehicles.smartcar.rotating_server import RotatingServer

START = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
ADA = GrantId("ada")
VAULT = Vault({"k1": b"1" * 32}, "k1")


class Household:
    """A server, a directory, and as many keepers (processes, as it were) as a test wants."""

    def __init__(self, directory: Path, clock: Clock, server: RotatingServer) -> None:
        self.clock, self.server = clock, server
        self.store = GrantDirectory(directory, VAULT, clock)
        self._directory = directory
        self._channels: list[Channels] = []

    def keeper(self) -> GrantKeeper:
        settings = SmartcarSettings.at(
            "http://127.0.0.1",
            application_id="app-1",
            legacy_secret="canary-secret",
            redirect_uri="http://127.0.0.1/back",
        )
        self._channels.append(Channels(settings, lambda: httpx.ASGITransport(app=self.server)))
        return GrantKeeper(settings, self._channels[-1], self.clock, GrantDirectory(self._directory, VAULT, self.clock))

    async def aclose(self) -> None:
        for channels in self._channels:
            await channels.aclose()


@contextmanager
def in_memory(otherwise: Path) -> Iterator[Path]:
    """Thousands of fsyncs take a minute on some disks; where there is memory to write to, they are not what is tested."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else otherwise) as directory:
        yield Path(directory)


def live(directory: Path, story: Callable[[Household], Awaitable[Any]], **server: Any) -> Any:
    async def told() -> Any:
        loop = asyncio.get_running_loop()
        clock = LoopClock(START, loop)
        household = Household(directory, clock, RotatingServer(clock.monotonic, **server))
        try:
            return await story(household)
        finally:
            await household.aclose()

    return run_virtually(told(), VirtualLoop())


async def connected(household: Household) -> GrantKeeper:
    keeper = household.keeper()
    await keeper.redeem(ADA, "canary-code")
    return keeper


def test_a_code_becomes_a_stored_grant_with_both_its_ends(tmp_path: Path) -> None:
    async def story(household: Household) -> Grant | None:
        await connected(household)
        assert {"Basic YXBwLTE6Y2FuYXJ5LXNlY3JldA=="} == household.server.basic
        return household.store.load(ADA)

    expected = Grant("canary-access-1", "canary-refresh-1", START + timedelta(hours=2), START + timedelta(days=60))
    assert expected == live(tmp_path, story)


def test_a_code_that_is_not_accepted_is_a_lost_consent_and_is_not_repeated(tmp_path: Path) -> None:
    async def story(household: Household) -> None:
        with pytest.raises(ConsentLost):
            await household.keeper().redeem(ADA, "wrong")
        assert household.store.load(ADA) is None

    live(tmp_path, story)


def test_without_a_grant_the_driver_has_to_connect(tmp_path: Path) -> None:
    async def story(household: Household) -> None:
        with pytest.raises(ConsentLost, match="connect"):
            await household.keeper().access_token(ADA)

    live(tmp_path, story)


def test_a_token_is_renewed_ten_minutes_before_it_runs_out(tmp_path: Path) -> None:
    async def story(household: Household) -> list[str]:
        keeper = await connected(household)
        tokens = []
        for wait_s in (0, 6599, 1):
            await household.clock.sleep(wait_s)
            tokens.append(await keeper.access_token(ADA))
        return tokens

    assert ["canary-access-1", "canary-access-1", "canary-access-2"] == live(tmp_path, story)


def test_the_new_pair_is_stored_before_anybody_has_it(tmp_path: Path) -> None:
    async def story(household: Household) -> None:
        keeper = await connected(household)
        token = await keeper.instead_of(ADA, "canary-access-1")
        stored = household.store.load(ADA)

        assert stored is not None
        assert ("canary-access-2", "canary-refresh-2", token) == (
            stored.access_token,
            stored.refresh_token,
            "canary-access-2",
        )

    live(tmp_path, story)


@pytest.mark.parametrize("end", ["cut_before", "cut_after", "late_after", "error"])
def test_an_answer_that_did_not_come_is_asked_for_again_within_the_grace(tmp_path: Path, end: str) -> None:
    async def story(household: Household) -> str:
        keeper = await connected(household)
        household.server.next_ends = [end, end]
        return await keeper.instead_of(ADA, "canary-access-1")

    token = live(tmp_path, story)

    assert token in ("canary-access-2", "canary-access-4")


def test_a_renewal_that_fails_leaves_the_old_pair_and_is_tried_again_later(tmp_path: Path) -> None:
    async def story(household: Household) -> str:
        keeper = await connected(household)
        household.server.next_ends = ["error"] * 3
        with pytest.raises(VehicleUnreachable):
            await keeper.instead_of(ADA, "canary-access-1")
        await household.clock.sleep(3600)
        return await keeper.instead_of(ADA, "canary-access-1")

    assert "canary-access-2" == live(tmp_path, story)


def test_a_hundred_who_need_it_renew_it_once(tmp_path: Path) -> None:
    async def story(household: Household) -> int:
        keepers = [await connected(household), *(household.keeper() for _ in range(4))]
        await household.clock.sleep(7000)
        tokens = await asyncio.gather(*(keeper.access_token(ADA) for keeper in keepers for _ in range(20)))
        assert {"canary-access-2"} == set(tokens)
        return household.server.refreshes

    assert 1 == live(tmp_path, story)


def test_a_caller_that_gives_up_does_not_lose_the_pair(tmp_path: Path) -> None:
    async def story(household: Household) -> None:
        keeper = await connected(household)
        household.server.next_ends = ["cut_after"]
        caller = asyncio.create_task(keeper.instead_of(ADA, "canary-access-1"))
        await household.clock.sleep(0.5)
        caller.cancel()
        with pytest.raises(asyncio.CancelledError):
            await caller
        await keeper.settle()
        stored = household.store.load(ADA)

        assert stored is not None
        assert household.server.access == stored.access_token

    live(tmp_path, story)


def test_a_new_token_that_is_refused_too_is_not_renewed_again_until_it_was_accepted(tmp_path: Path) -> None:
    async def story(household: Household) -> int:
        keeper = await connected(household)
        token = await keeper.instead_of(ADA, "canary-access-1")
        for _ in range(10):
            with pytest.raises(CredentialsRefused):
                await keeper.instead_of(ADA, token)
        before = household.server.refreshes
        keeper.accepted(ADA, token)
        await keeper.instead_of(ADA, token)
        assert 1 == before
        return household.server.refreshes

    assert 2 == live(tmp_path, story)


def test_a_thousand_races_of_two_under_faults_lose_no_grant(tmp_path: Path) -> None:
    """Each round both want another token at once; calls are cut before and after they acted, late, or fail."""
    chance = random.Random(7)

    async def story(household: Household) -> None:
        one = await connected(household)
        two = household.keeper()
        for _ in range(1000):
            ends = ["ok", "cut_before", "cut_after", "late_after", "error"]
            household.server.next_ends = chance.choices(ends, weights=[6, 1, 1, 1, 1], k=chance.randrange(3))
            stored = household.store.load(ADA)
            assert stored is not None
            tokens = await asyncio.gather(*(keeper.instead_of(ADA, stored.access_token) for keeper in (one, two)))
            for keeper, token in zip((one, two), tokens, strict=True):
                keeper.accepted(ADA, token)
            assert {household.server.access} == set(tokens)
        assert not household.server.lost

    with in_memory(tmp_path) as directory:
        live(directory, story)


@pytest.mark.live
def test_a_thousand_renewals_by_two_processes_lose_no_grant(tmp_path: Path) -> None:
    """Each 1,000 times, without any grace: whoever comes with a token that somebody else has used, has lost the consent."""
    with in_memory(tmp_path) as directory:
        server = asyncio.run(_raced(directory))

    assert not server.lost
    assert 1000 <= server.refreshes <= 2000


async def _raced(directory: Path) -> RotatingServer:
    key_file = directory / "keys"
    key_file.touch(mode=0o600)
    key_file.write_text(new_key_line("k1"))

    clock = SystemClock()
    server = RotatingServer(clock.monotonic, grace_s=-1)
    # With the protocol named, asyncio switches Nagle's algorithm off; without, every answer waits 40 ms for an ACK.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    origin = f"http://127.0.0.1:{listener.getsockname()[1]}"
    http = uvicorn.Server(uvicorn.Config(server, lifespan="off", log_level="warning"))
    serving = asyncio.create_task(http.serve(sockets=[listener]))
    channels = Channels(SmartcarSettings.at(origin))
    store = GrantDirectory(directory / "grants", vault_from(key_file), clock)
    await GrantKeeper(SmartcarSettings.at(origin), channels, clock, store).redeem(ADA, "canary-code")
    await channels.aclose()
    racers = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.vehicles.smartcar.refresh_racer",
            origin, str(directory / "grants"), str(key_file), "1000", cwd=Path(__file__).parents[3],
        )
        for _ in range(2)
    ]  # fmt: skip
    ends = [await racer.wait() for racer in racers]
    http.should_exit = True
    await serving
    assert [0, 0] == ends
    stored = store.load(ADA)
    assert stored is not None
    assert server.access == stored.access_token
    return server


def test_a_full_disk_is_noticed_before_the_old_pair_is_spent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(household: Household) -> int:
        keeper = await connected(household)

        def full(*_: Any, **__: Any) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(VehicleUnreachable, match="No space left"):
            await keeper.instead_of(ADA, "canary-access-1")
        return household.server.refreshes

    assert 0 == live(tmp_path, story)


def test_a_lock_that_somebody_else_holds_is_waited_for_and_given_up_after_a_minute(tmp_path: Path) -> None:
    async def story(household: Household) -> float:
        keeper = await connected(household)
        async with household.store.exclusive(ADA):
            with pytest.raises(VehicleUnreachable, match="another process"):
                await keeper.instead_of(ADA, "canary-access-1")
        waited = asyncio.get_running_loop().time()
        assert "canary-access-2" == await keeper.instead_of(ADA, "canary-access-1")
        return waited

    assert 60 == pytest.approx(live(tmp_path, story), abs=1)


def test_a_grant_on_disk_is_sealed_private_and_bound_to_its_name(tmp_path: Path) -> None:
    async def story(household: Household) -> None:
        await connected(household)
        path = tmp_path / "ada.grant"

        assert 0o600 == path.stat().st_mode & 0o777
        assert "canary" not in path.read_text()

        path.rename(tmp_path / "ben.grant")
        with pytest.raises(ConsentLost, match="does not open"):
            household.store.load(GrantId("ben"))

    live(tmp_path, story)


@pytest.mark.parametrize("content", [b"", b"v1.k1.", b"v1.k1.AAAA", b"\xff\xfe", b"v9.k1.AAAA", b"v1.k2.AAAA"])
def test_a_damaged_grant_is_a_lost_consent(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "ada.grant").write_bytes(content)

    async def story(household: Household) -> None:
        with pytest.raises(ConsentLost):
            await household.keeper().access_token(ADA)

    live(tmp_path, story)


def test_a_forgotten_grant_is_gone_and_may_be_forgotten_twice(tmp_path: Path) -> None:
    async def story(household: Household) -> None:
        keeper = await connected(household)
        keeper.forget(ADA)
        keeper.forget(ADA)
        assert household.store.load(ADA) is None

    live(tmp_path, story)


def test_grants_move_to_a_new_key_and_the_old_one_may_go(tmp_path: Path) -> None:
    new = b"2" * 32

    async def story(household: Household) -> list[int]:
        await connected(household)
        both = GrantDirectory(tmp_path, Vault({"k2": new, "k1": b"1" * 32}, "k2"), household.clock)
        changed = [await both.reseal(), await both.reseal()]
        only_new = GrantDirectory(tmp_path, Vault({"k2": new}, "k2"), household.clock).load(ADA)
        assert only_new is not None
        assert "canary-access-1" == only_new.access_token
        return changed

    assert [1, 0] == live(tmp_path, story)


def test_no_token_sings(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")

    async def story(household: Household) -> list[VehicleError]:
        keeper = await connected(household)
        errors: list[VehicleError] = []
        for end in ("cut_before", "error"):
            household.server.next_ends = [end] * 3
            with pytest.raises(VehicleError) as caught:
                await keeper.instead_of(ADA, "canary-access-1")
            errors.append(caught.value)
        errors.append(household.store.load(ADA))  # type: ignore[arg-type]
        return errors

    told = "".join(repr(error) + str(error) for error in live(tmp_path, story)) + caplog.text

    assert "canary" not in told
