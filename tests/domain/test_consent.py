"""What a driver has given, what becomes of it, and what a person is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler.domain.consent import Consent, ConsentStatus
from scheduler.domain.vehicle import VehicleId

NOW = datetime(2026, 2, 2, 16, 0, tzinfo=UTC)
ADA = VehicleId("ada-id3")
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("consent", "words"),
    [
        (Consent(ADA), ""),
        (Consent(ADA, ConsentStatus.NEVER), "not connected: smartcharge connect ada-id3"),
        (Consent(ADA, ConsentStatus.ENDED), "disconnected: smartcharge connect ada-id3"),
        (Consent(ADA, ConsentStatus.LOST), "consent lost (no reason was given): smartcharge connect ada-id3"),
        (Consent(ADA, ConsentStatus.LOST, reason="revoked"), "consent lost (revoked): smartcharge connect ada-id3"),
        (Consent(ADA, ends_at=NOW + 3.1 * DAY), ""),
        (Consent(ADA, ends_at=NOW + 3 * DAY), "consent ends in 3 days: smartcharge connect ada-id3"),
        (Consent(ADA, ends_at=NOW + 1.5 * DAY), "consent ends within a day: smartcharge connect ada-id3"),
        (Consent(ADA, ends_at=NOW - DAY), "consent ends at any time: smartcharge connect ada-id3"),
    ],
)
def test_what_is_well_is_not_spoken_of_and_what_is_not_comes_with_what_to_do(consent: Consent, words: str) -> None:
    assert words == consent.words(NOW)


def test_only_a_consent_that_was_never_given_or_ended_here_is_not_tried() -> None:
    tried = [status for status in ConsentStatus if Consent(ADA, status).open]

    assert [ConsentStatus.GIVEN, ConsentStatus.LOST] == tried


def test_only_a_given_consent_ends_by_itself() -> None:
    assert Consent(ADA, ends_at=NOW).ends_soon(NOW)
    assert not Consent(ADA, ConsentStatus.LOST, ends_at=NOW).ends_soon(NOW)
    assert not Consent(ADA).ends_soon(NOW)
