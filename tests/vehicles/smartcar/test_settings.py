"""What an operator may set: hosts that keep the token from travelling in the open, and patience that is enough."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from scheduler.vehicles.smartcar.settings import SmartcarSettings, is_loopback


@pytest.mark.parametrize(
    "origin", ["http://127.0.0.1:8713", "http://localhost:1", "http://[::1]:80", "https://example.org/"]
)
def test_an_origin_is_https_or_this_machine(origin: str) -> None:
    assert origin.rstrip("/") == SmartcarSettings.at(origin).vehicle_origin


@pytest.mark.parametrize(
    "origin",
    [
        "http://vehicle.api.smartcar.com",
        "http://127.0.0.1.example.org",
        "http://192.168.0.2",
        "ftp://127.0.0.1",
        "https://",
        "https://example.org/v3",
        "https://example.org?x=1",
        "https://user@example.org",
        "vehicle.api.smartcar.com",
    ],
)
def test_any_other_origin_is_refused(origin: str) -> None:
    with pytest.raises(ValidationError, match="expected"):
        SmartcarSettings.at(origin)


def test_without_a_word_the_hosts_are_smartcars_and_the_cars_are_real() -> None:
    settings = SmartcarSettings()

    assert ("live", "https://iam.smartcar.com", "https://vehicle.api.smartcar.com") == (
        settings.mode,
        settings.iam_origin,
        settings.vehicle_origin,
    )


def test_a_command_may_not_be_given_up_before_smartcar_would_answer() -> None:
    with pytest.raises(ValidationError, match="310"):
        SmartcarSettings(command_timeout_s=60)


@pytest.mark.parametrize("name", ["client_secret", "legacy_secret", "management_token"])
def test_secrets_do_not_show(name: str) -> None:
    settings = SmartcarSettings.model_validate({name: "canary"})

    assert "canary" not in f"{settings!r} {settings} {settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("url", "expected"), [("http://127.8.0.1", True), ("http://10.0.0.1", False), ("nothing", False)]
)
def test_this_machine_is_told_from_others(url: str, expected: bool) -> None:
    assert expected == is_loopback(url)
