"""Asking for consent: the link, the state that must be ours, and what the redirect says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from scheduler.domain.errors import InvalidValue
from scheduler.vehicles.smartcar.consent import (
    Connected,
    Declined,
    StateRefused,
    connect_url,
    new_state,
    redirect_in,
    subject_of,
)
from scheduler.vehicles.smartcar.settings import SmartcarSettings

NOW = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)
KEY = b"k" * 32
CALLBACK = "http://127.0.0.1:8712/connect/callback"


def settings(**more: Any) -> SmartcarSettings:
    return SmartcarSettings(application_id="11111111-2222", redirect_uri=CALLBACK, **more)


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_the_link_asks_for_the_least_and_for_one_car() -> None:
    url = connect_url(settings(), "state-1")

    assert url.startswith("https://connect.smartcar.com/oauth/authorize?")
    assert {
        "response_type": "code",
        "client_id": "11111111-2222",
        "redirect_uri": CALLBACK,
        "scope": "read_vehicle_info read_battery read_charge control_charge",
        "mode": "live",
        "state": "state-1",
        "approval_prompt": "auto",
        "single_select": "true",
    } == query_of(url)


def test_the_link_can_name_the_make_ask_again_and_name_us_by_the_newer_parameter() -> None:
    query = query_of(connect_url(settings(connect_parameter="application_id"), "s", make="Tesla", again=True))

    assert ("TESLA", "force", "11111111-2222") == (query["make"], query["approval_prompt"], query["application_id"])
    assert "client_id" not in query


@pytest.mark.parametrize("missing", ["application_id", "redirect_uri"])
def test_without_an_application_or_a_way_back_there_is_no_link(missing: str) -> None:
    with pytest.raises(InvalidValue, match="redirect_uri"):
        connect_url(settings().model_copy(update={missing: ""}), "s")


def test_a_state_tells_whose_it_is_in_the_browser_it_was_made_for() -> None:
    state = new_state(KEY, "ada/id3 ü", "cookie-1", NOW)

    assert "ada/id3 ü" == subject_of(KEY, state, "cookie-1", NOW + timedelta(minutes=9, seconds=59), set())


@pytest.mark.parametrize(
    ("state", "cookie", "after", "spent", "why"),
    [
        ("good", "cookie-2", timedelta(0), False, "this browser"),
        ("good", None, timedelta(0), False, "this browser"),
        ("good", "", timedelta(0), False, "this browser"),
        ("", "cookie-1", timedelta(0), False, "this browser"),
        ("..", "cookie-1", timedelta(0), False, "this browser"),
        ("forged", "cookie-1", timedelta(0), False, "this browser"),
        ("foreign", "cookie-1", timedelta(0), False, "this browser"),
        ("good", "cookie-1", timedelta(minutes=10), False, "ten minutes"),
        ("good", "cookie-1", timedelta(minutes=1), True, "already"),
    ],
)
def test_a_state_that_is_wrong_replayed_expired_or_foreign_is_refused(
    state: str, cookie: str | None, after: timedelta, spent: bool, why: str
) -> None:
    good = new_state(KEY, "ada", "cookie-1", NOW)
    states = {
        "good": good,
        "forged": good.replace("YWRh", "YmVu"),
        "foreign": new_state(b"other key", "ada", "cookie-1", NOW),
    }
    came_back = states.get(state, state)

    with pytest.raises(StateRefused, match=why):
        subject_of(KEY, came_back, cookie, NOW + after, {came_back} if spent else set())


def test_a_forged_expiry_is_refused() -> None:
    expires, _, rest = new_state(KEY, "ada", "cookie-1", NOW).partition(".")

    with pytest.raises(StateRefused):
        subject_of(KEY, f"{int(expires) + 3600}.{rest}", "cookie-1", NOW, set())


def test_a_redirect_with_a_code_or_a_user_connects() -> None:
    both = redirect_in({"code": "c-1", "state": "s", "user_id": "usr-1"})
    only_user = redirect_in({"state": "s", "userId": "usr-1"})

    assert Connected("s", "c-1", "usr-1") == both
    assert Connected("s", None, "usr-1") == only_user


@pytest.mark.parametrize(
    "reason",
    [
        "access_denied",
        "invalid_subscription",
        "configuration_error",
        "no_vehicles",
        "vehicle_incompatible",
        "server_error",
    ],
)
def test_each_refusal_of_connect_is_told_in_words_of_our_own(reason: str) -> None:
    query = {"error": reason, "error_description": "VIN WVWZZZE1ZNP000001", "state": "s", "vin": "WVWZZZE1ZNP000001"}

    outcome = redirect_in(query)

    assert isinstance(outcome, Declined)
    assert (reason, "s") == (outcome.reason, outcome.state)
    assert "WVW" not in outcome.sentence
    assert outcome.sentence.endswith(".")


@pytest.mark.parametrize(
    "query", [{"error": "<script>", "state": "s"}, {"error": ""}, {"state": "s"}, {}, {"code": ""}]
)
def test_a_redirect_that_says_nothing_known_is_declined(query: dict[str, str]) -> None:
    outcome = redirect_in(query)

    assert isinstance(outcome, Declined)
    assert "unknown" == outcome.reason


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.tesla.com/_ak/smartcar.com", "https://www.tesla.com/_ak/smartcar.com"),
        ("https://www.tesla.com.example.org/", None),
        ("javascript:alert(1)", None),
    ],
)
def test_only_teslas_own_link_to_the_virtual_key_is_passed_on(url: str, expected: str | None) -> None:
    outcome = redirect_in({"code": "c", "state": "s", "virtual_key_url": url})

    assert isinstance(outcome, Connected)
    assert expected == outcome.virtual_key_url


def test_what_comes_back_does_not_print_its_secrets() -> None:
    told = repr(redirect_in({"code": "code-x", "state": "state-x", "user_id": "usr-x"}))

    assert [] == [word for word in ("code-x", "state-x", "usr-x") if word in told]
