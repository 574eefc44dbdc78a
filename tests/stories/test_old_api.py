"""The house on Smartcar's v2: a consent, its tokens, a night, and the tokens' renewal over kill -9."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scheduler.domain.consent import ConsentStatus
from scheduler.domain.vehicle import VehicleId
from tests.stories.street import Street, parked, resident
from tests.stories.test_consent import consents, sentence, without_ids

ADA = VehicleId("ada")
EVENING = datetime(2026, 2, 2, 16, 0, tzinfo=UTC)


def a_street(state: Path) -> Street:
    return Street(state, EVENING, (without_ids(resident("ada")),), (parked("ada", 40.0),), version="v2")


def test_a_car_is_connected_and_charged_over_v2_and_its_tokens_outlive_kill_9(tmp_path: Path) -> None:
    async def story(street: Street) -> tuple[str, float]:
        said = await consents(street)
        for _ in range(4):
            # Access tokens last two hours: each stretch needs a renewal, by a house that has just been killed.
            await street.hours(3)
            await street.kill()
            await street.open()
        await street.until(datetime(2026, 2, 3, 6, 0, tzinfo=UTC))
        looks = street.house.store.calls(ADA, EVENING, "look")
        assert (looks > 0, 0) == (True, looks % 2)
        return said, street.world.truth("ada").soc_pct

    said, soc_pct = a_street(tmp_path).live(story)

    assert "Ada's ada: connected." == said
    assert soc_pct >= 79
    assert 1 == len(list((tmp_path / "private" / "grants").glob("*.grant")))


def test_a_consent_given_again_takes_the_place_of_the_old_tokens(tmp_path: Path) -> None:
    async def story(street: Street) -> list[str]:
        await consents(street)
        await street.hours(1)
        await consents(street, "ada")
        return [path.name for path in (tmp_path / "private" / "grants").glob("*.grant")]

    assert 1 == len(a_street(tmp_path).live(story))


def test_a_consent_that_is_taken_back_is_lost_and_disconnecting_forgets_the_tokens(tmp_path: Path) -> None:
    async def story(street: Street) -> tuple[ConsentStatus, str]:
        await consents(street)
        await street.hours(0.2)
        street.world.disconnect("ada")
        await street.hours(4)
        lost = street.house.operations.fleet().cars[0].consent.status
        await street.house.operations.disconnect("ada")
        return lost, sentence(street)

    lost, said = a_street(tmp_path).live(story)

    assert ConsentStatus.LOST is lost
    assert said.endswith("disconnected: smartcharge connect ada")
    assert [] == list((tmp_path / "private" / "grants").glob("*.grant"))
