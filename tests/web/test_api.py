"""The JSON API: what it says, in which words it refuses, and that it knows no secrets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.domain.command import CommandStatus
from scheduler.domain.errors import StoreUnavailable
from scheduler.domain.session import Override
from scheduler.domain.tariff import TariffId
from scheduler.ports import Returned
from tests.web.fleet import ADA, BEN, HOME, NOW, Fleet, a_driver, a_full_fleet, a_window, local


@pytest.fixture
def fleet() -> Fleet:
    return a_full_fleet()


def test_a_car_is_told_with_its_sentence_ages_plan_and_next_event(fleet: Fleet) -> None:
    answer = fleet.get("/api/v1/cars").json()

    ada, ben = answer["cars"]
    assert ("2026-02-06T16:32:10Z", "1.2.3", False) == (answer["now"], answer["version"], answer["simulated"])
    assert ada["sentence"].startswith("Ada's ID.3: 46 %, ready 07:00 at 80 %")
    assert (46.0, 240.0, True, False) == tuple(
        ada["state"][name] for name in ("soc_pct", "soc_age_s", "plugged_in", "charging")
    )
    assert [("2026-02-07T00:15:00Z", "2026-02-07T02:30:00Z", 7.4)] == [
        (window["start"], window["end"], window["power_kw"]) for window in ada["promise"]["windows"]
    ]
    assert {"at": "2026-02-07T00:15:00Z", "kind": "start"} == ada["next_event"]
    assert (None, None, None, "none") == (ben["state"], ben["session"], ben["promise"], ben["override"])


def test_what_is_not_known_is_null_and_never_zero(fleet: Fleet) -> None:
    fleet.see(BEN, None)

    state = fleet.get("/api/v1/cars/ben").json()["cars"][0]["state"]

    assert {None} == {state[name] for name in ("soc_pct", "soc_seen_at", "soc_age_s", "plugged_in", "charging")}


@pytest.mark.parametrize("name", ["ada", "ada-id3"])
def test_one_car_is_found_by_its_own_name_and_by_its_drivers(fleet: Fleet, name: str) -> None:
    assert [ADA] == [car["name"] for car in fleet.get(f"/api/v1/cars/{name}").json()["cars"]]


@pytest.mark.parametrize(
    ("method", "path", "hint"),
    [
        ("GET", "/api/v1/cars/adda", 'did you mean "ada"?'),
        ("POST", "/api/v1/cars/adda/stop", 'did you mean "ada"?'),
        ("POST", "/cars/adda/stop", 'did you mean "ada"?'),
        ("GET", "/api/v1/events?car=ben-zo", 'did you mean "ben-zoe"?'),
        ("GET", "/api/v1/commands?car=xyz", "known are ada, ada-id3, ben, ben-zoe"),
        ("GET", "/api/v1/tariffs/hom/prices", 'did you mean "home"?'),
        ("GET", "/api/v1/tariffs/xyz/prices", "known are home, new"),
    ],
)
def test_an_unknown_name_is_answered_with_who_may_have_been_meant(
    fleet: Fleet, method: str, path: str, hint: str
) -> None:
    answer = fleet.ask(method, path)

    assert 404 == answer.status_code
    assert hint in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("verb", "override"),
    [("start", Override.START), ("stop", Override.STOP), ("hold", Override.HOLD), ("resume", Override.NONE)],
)
def test_a_wish_is_written_down_wakes_the_car_and_is_answered_in_a_sentence(
    fleet: Fleet, verb: str, override: Override
) -> None:
    (lease,) = (lease for lease in fleet.store.claim(NOW, 9, timedelta(minutes=1)) if lease.vehicle_id == ADA)
    fleet.store.complete(lease, NOW + timedelta(hours=1))

    answer = fleet.ask("POST", f"/api/v1/cars/ada/{verb}")

    assert override is fleet.store.override(ADA)
    assert [ADA] == [lease.vehicle_id for lease in fleet.store.claim(NOW, 9, timedelta(0)) if lease.vehicle_id == ADA]
    (sentence,) = answer.json()["sentences"]
    assert sentence.startswith("Ada's ID.3 ")


def test_stopping_a_car_that_has_to_leave_is_warned_of(fleet: Fleet) -> None:
    (sentence,) = fleet.ask("POST", "/api/v1/cars/ada/stop").json()["sentences"]

    assert "may miss its departure on Saturday at 07:00" in sentence


@pytest.mark.parametrize("path", ["/api/v1/cars/ada/explode", "/api/v2/cars", "/%2e%2e/etc/passwd"])
def test_a_path_that_is_not_ours_is_an_error_in_the_same_shape(fleet: Fleet, path: str) -> None:
    answer = fleet.ask("POST", path)

    assert 404 == answer.status_code
    assert "Not Found" in answer.json()["error"]["message"]


def test_wishing_by_reading_is_refused(fleet: Fleet) -> None:
    answer = fleet.get("/api/v1/cars/ada/stop")

    assert 405 == answer.status_code
    assert Override.NONE is fleet.store.override(ADA)


@pytest.mark.parametrize("query", ["after=x", "after=-2", "limit=0", "limit=1001", "after=99999999999999999999"])
def test_a_senseless_query_is_named_with_its_value(fleet: Fleet, query: str) -> None:
    answer = fleet.get(f"/api/v1/events?{query}")

    name, _, value = query.partition("=")
    assert 422 == answer.status_code
    assert answer.json()["error"]["message"].startswith(f"{name}: ")
    assert value in answer.json()["error"]["message"]


def test_events_come_oldest_first_and_go_on_after_the_last_one_seen(fleet: Fleet) -> None:
    fleet.note("vehicle.plugged_in", BEN, soc_pct=14)
    fleet.note("prices.fetched", tariff="home", slots=192)

    every = fleet.get("/api/v1/events").json()["events"]
    later = fleet.get(f"/api/v1/events?after={every[0]['seq']}&limit=1").json()["events"]
    own = fleet.get("/api/v1/events?car=ben").json()["events"]

    assert ["plan.made", "vehicle.plugged_in", "prices.fetched"] == [event["name"] for event in every]
    assert ["vehicle.plugged_in"] == [event["name"] for event in later]
    assert [{"soc_pct": 14}] == [event["facts"] for event in own]


def test_a_driver_with_several_cars_names_one_for_its_events(fleet: Fleet) -> None:
    first, second = fleet.drivers[0], a_driver("Ada", "Up", "ada-up")
    fleet.drivers[0] = type(first)(first.id, "Ada", first.timezone, first.tariff_id, (*first.cars, *second.cars))

    answer = fleet.get("/api/v1/events?car=ada")

    assert 404 == answer.status_code
    assert "name one of ada-id3, ada-up" in answer.json()["error"]["message"]


def test_commands_are_told_with_what_came_of_them(fleet: Fleet) -> None:
    fleet.command(BEN, "c2", CommandStatus.SENDING, CommandStatus.FAILED, detail="the plug is not connected")

    every = fleet.get("/api/v1/commands").json()["commands"]
    own = fleet.get("/api/v1/commands?car=ben").json()["commands"]

    assert [("c1", "confirmed"), ("c2", "failed")] == [(command["id"], command["status"]) for command in every]
    assert ["the plug is not connected"] == [command["detail"] for command in own]


def test_prices_are_told_with_their_gaps_and_how_far_they_are_known(fleet: Fleet) -> None:
    curve = fleet.curves[HOME]
    fleet.curves[HOME] = type(curve)("EUR", (*curve.slots[:80], *curve.slots[84:]), "made up", NOW)

    answer = fleet.get("/api/v1/tariffs/home/prices").json()

    assert ("EUR", "2026-02-06T19:00:00Z") == (answer["currency"], answer["known_until"])
    assert [{"start": "2026-02-06T19:00:00Z", "end": "2026-02-06T20:00:00Z"}] == answer["gaps"]
    assert {"start", "end", "price_per_kwh", "firm", "components"} == set(answer["slots"][0])


def test_a_tariff_without_prices_yet_is_an_answer_and_no_error(fleet: Fleet) -> None:
    answer = fleet.get("/api/v1/tariffs/new/prices")

    assert 200 == answer.status_code
    assert (None, [], None) == tuple(answer.json()[name] for name in ("currency", "slots", "known_until"))


def test_no_answer_holds_what_only_smartcar_and_we_should_know(fleet: Fleet) -> None:
    paths = ["/", "/api/v1/cars", "/api/v1/cars/ada", "/api/v1/events", "/api/v1/commands", "/api/v1/openapi.json"]

    told = "".join(fleet.get(path).text for path in paths)

    assert "secret" not in told.replace("secret-free", "")


def test_a_ledger_that_cannot_be_read_is_a_503_with_its_sentence(fleet: Fleet, monkeypatch: pytest.MonkeyPatch) -> None:
    app = fleet.app()

    def full(*_: object) -> None:
        raise StoreUnavailable("the disk is full; free some space")

    monkeypatch.setattr(fleet.store, "set_override", full)
    monkeypatch.setattr(fleet, "app", lambda: app)
    answer = fleet.ask("POST", "/api/v1/cars/ada/stop")

    assert (503, "the disk is full; free some space") == (answer.status_code, answer.json()["error"]["message"])


def test_every_number_and_path_is_described_for_those_who_build_on_it(fleet: Fleet) -> None:
    document = fleet.get("/api/v1/openapi.json").json()

    assert {
        "/api/v1/cars",
        "/api/v1/cars/{name}",
        *(f"/api/v1/cars/{{name}}/{verb}" for verb in ("start", "stop", "hold", "resume")),
        *(f"/api/v1/cars/{{name}}/{question}" for question in ("why", "estimate")),
        *(f"/api/v1/cars/{{name}}/{verb}" for verb in ("connect", "disconnect")),
        "/api/v1/drivers/{name}/credit",
        "/api/v1/events",
        "/api/v1/commands",
        "/api/v1/tariffs/{tariff_id}/prices",
    } == set(document["paths"])
    assert all(way["summary"] for path in document["paths"].values() for way in path.values())
    assert not {"HTTPValidationError", "ValidationError"} & set(document["components"]["schemas"])


def test_a_link_to_connect_is_made_and_what_came_of_it_can_be_asked(fleet: Fleet) -> None:
    link, before = fleet.ask("POST", "/api/v1/cars/ada/connect").json(), fleet.get("/api/v1/cars/ada/connect").json()
    fleet.came = Returned(NOW, done=True, sentence="Ada's ID.3: connected.")
    after = fleet.get("/api/v1/cars/ada/connect").json()

    assert "https://charge.example/connect/ada?invitation=i" == link["link"]
    assert (None, False) == (before["at"], before["done"])
    assert (True, "Ada's ID.3: connected.") == (after["done"], after["sentence"])
    assert ["Ada's ID.3 is disconnected."] == fleet.ask("POST", "/api/v1/cars/ada/disconnect").json()["sentences"]
    assert 404 == fleet.ask("POST", "/api/v1/cars/nobody/connect").status_code


def test_there_are_no_pages_that_load_scripts_from_elsewhere(fleet: Fleet) -> None:
    assert {404} == {fleet.get(path).status_code for path in ("/docs", "/redoc", "/api/v1/docs")}


def test_health_is_200_while_nothing_is_wrong_and_503_with_its_reasons_else(fleet: Fleet) -> None:
    well = fleet.get("/healthz")
    fleet.health = type(fleet.health)(("no sweep has been completed for 90 s",), {"sweep_age_s": 90.0})
    ill = fleet.get("/healthz")

    assert (200, "well", []) == (well.status_code, well.json()["status"], well.json()["reasons"])
    assert 503 == ill.status_code
    assert {
        "status": "unwell",
        "reasons": ["no sweep has been completed for 90 s"],
        "facts": {"sweep_age_s": 90.0},
    } == ill.json()


def test_metrics_are_handed_on_as_they_are(fleet: Fleet) -> None:
    answer = fleet.get("/metrics")

    assert ("smartcharge_up 1\n", "text/plain; version=0.0.4; charset=utf-8") == (
        answer.text,
        answer.headers["content-type"],
    )


def test_an_empty_house_answers_too() -> None:
    fleet = Fleet()

    assert [] == fleet.get("/api/v1/cars").json()["cars"]
    assert "known are none" in fleet.get("/api/v1/cars/ada").json()["error"]["message"]
    assert "known are none" in fleet.get("/api/v1/tariffs/home/prices").json()["error"]["message"]


def test_a_window_that_began_yesterday_is_told_as_it_is(fleet: Fleet) -> None:
    fleet.promise(ADA, a_window("2026-02-06 16:00", "2026-02-06 18:00"), tariff_id=TariffId("home"))

    (car,) = fleet.get("/api/v1/cars/ada").json()["cars"]

    assert {"at": local("2026-02-06 18:00").isoformat().replace("+00:00", "Z"), "kind": "stop"} == car["next_event"]
