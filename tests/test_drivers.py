from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.document import InvalidDocument
from scheduler.domain.driver import BlockedHours, Car, ChargeGoal, ChargePreferences, Departure, NoticeAddress, Trip
from scheduler.domain.errors import ConfigError, InvalidValue
from scheduler.domain.interval import Interval
from scheduler.domain.plan import Prefer
from scheduler.domain.vehicle import Powertrain, Vehicle, VehicleId
from scheduler.driver_file import driver_schema
from scheduler.drivers import blocked_intervals, load_drivers, local, moment_of, upcoming_goals

EXAMPLES = Path(__file__).parents[1] / "config" / "drivers"

BERLIN = ZoneInfo("Europe/Berlin")
LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
KATHMANDU = ZoneInfo("Asia/Kathmandu")
ZONES = (BERLIN, LONDON, NEW_YORK, LORD_HOWE, KATHMANDU)

ADA = """\
name: Ada
timezone: Europe/Berlin
tariff: dynamic
cars:
  - name: ID.3
    make: Volkswagen
    model: ID.3
    powertrain: BEV
    smartcar_vehicle_id: vehicle-4711
    smartcar_user_id: user-4711
    usable_kwh: 58
    max_power_kw: 11
    reserve_pct: 20
    departures:
      mon-fri: {at: 07:00, target_pct: 80}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder `drivers` below the working directory, so that messages name short paths."""
    monkeypatch.chdir(tmp_path)
    Path("drivers").mkdir()
    return Path("drivers")


def told(folder: Path, *tariffs: str) -> list[str]:
    with pytest.raises(InvalidDocument) as caught:
        load_drivers(folder, tariffs or None)
    return str(caught.value).splitlines()


def car_of(folder: Path, old: str = "", new: str = "") -> Car:
    (folder / "ada.yaml").write_text(ADA.replace(old, new) if old else ADA)
    (driver,) = load_drivers(folder)
    return driver.cars[0]


def car(departures: dict[int, Departure] | None = None, blocked: tuple[BlockedHours, ...] = ()) -> Car:
    vehicle = Vehicle(VehicleId("ada-id3"), "ID.3", "VW", "ID.3", Powertrain.BEV, "v", "u", 58, 11, 0.9)
    return Car(vehicle, ChargePreferences(departures or {}, 20.0, blocked=blocked))


def with_wishes(**wishes: Any) -> Car:
    """Return a car that leaves at 07:00 every day at 80 %, with a reserve of 20 %, unless *wishes* say otherwise."""
    given: dict[str, Any] = {"departures": dict.fromkeys(range(7), Departure(time(7), 80.0)), "reserve_pct": 20.0}
    return Car(car().vehicle, ChargePreferences(**given | wishes))


def daily(at: time, target_pct: float = 80.0) -> Car:
    return car(dict.fromkeys(range(7), Departure(at, target_pct)))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def goals(car: Car, zone: ZoneInfo, now: str, horizon: timedelta = timedelta(days=7)) -> list[str]:
    return [f"{goal.ready_by:%m-%d %H:%M}" for goal in upcoming_goals(car, zone, utc(now), horizon)]


class TestTheExamples:
    def test_there_are_ada_ben_and_cleo(self) -> None:
        drivers = load_drivers(EXAMPLES)

        assert ["ada", "ben", "cleo"] == [driver.id for driver in drivers]
        assert ["Ada", "Ben", "Cleo"] == [driver.name for driver in drivers]
        assert {BERLIN} == {driver.timezone for driver in drivers}
        assert ["ada-id3", "ben-model-3", "cleo-xc60"] == [driver.cars[0].vehicle.id for driver in drivers]

    def test_ada_has_an_id3_that_leaves_at_seven_and_later_at_the_weekend(self) -> None:
        ada = load_drivers(EXAMPLES)[0].cars[0]

        assert (
            Vehicle(
                VehicleId("ada-id3"),
                "ID.3",
                "Volkswagen",
                "ID.3",
                Powertrain.BEV,
                "sim-vehicle-ada",
                "sim-user-ada",
                58.0,
                11.0,
                0.90,
            )
            == ada.vehicle
        )
        assert 20.0 == ada.preferences.reserve_pct
        assert {
            **dict.fromkeys(range(5), Departure(time(7), 80.0)),
            **dict.fromkeys((5, 6), Departure(time(9, 30), 80.0)),
        } == ada.preferences.departures

    def test_cleo_has_a_plug_in_hybrid_on_one_phase_that_rests_at_the_weekend(self) -> None:
        cleo = load_drivers(EXAMPLES)[2].cars[0]

        assert Powertrain.PHEV is cleo.vehicle.powertrain
        assert 0.86 == cleo.vehicle.efficiency
        assert dict.fromkeys(range(5), Departure(time(8, 30), 100.0)) == cleo.preferences.departures

    def test_no_two_of_them_are_the_same_car(self) -> None:
        vehicles = [driver.cars[0].vehicle for driver in load_drivers(EXAMPLES)]

        assert 3 == len({vehicle.smartcar_vehicle_id for vehicle in vehicles})


class TestTheFile:
    def test_what_is_left_out_has_the_domains_defaults(self, folder: Path) -> None:
        preferences = car_of(folder, "    reserve_pct: 20\n", "").preferences

        assert ChargePreferences(departures=preferences.departures) == preferences

    def test_every_limit_reaches_the_domain(self, folder: Path) -> None:
        limits = """\
    max_starts: any
    continuous: true
    max_price_per_kwh: 0.35
    blocked:
      - {from: "17:00", to: 20:00, days: mon-fri}
      - {from: 22:00, to: "24:00"}
    prefer: early
    min_run_minutes: 15
    start_cost: 0.02
    battery_cost: 0
    parked_at_c: -5
    efficiency: 0.93
    departures:
"""

        car = car_of(folder, "    departures:\n", limits)

        assert 0.93 == car.vehicle.efficiency
        assert (
            ChargePreferences(
                car.preferences.departures,
                20.0,
                None,
                continuous=True,
                max_price=0.35,
                blocked=(
                    BlockedHours(time(17), time(20), frozenset(range(5))),
                    BlockedHours(time(22), time(0)),
                ),
                prefer=Prefer.EARLY,
                min_run=timedelta(minutes=15),
                start_cost=0.02,
                battery_cost=0.0,
                parked_at_c=-5.0,
            )
            == car.preferences
        )

    def test_a_car_is_ours_to_charge_unless_the_supplier_does(self, folder: Path) -> None:
        supplied = car_of(folder, "    reserve_pct: 20\n", "    controlled_by: supplier\n")

        assert supplied.by_supplier
        assert not car_of(folder, "    reserve_pct: 20\n", "").by_supplier

    def test_a_single_day_wins_over_a_range_and_a_range_over_daily(self, folder: Path) -> None:
        entries = "sat: {at: 10:00, target_pct: 60}\n      daily: {at: 08:00, target_pct: 70}\n      mon-fri:"

        departures = car_of(folder, "mon-fri:", entries).preferences.departures

        assert [7, 7, 7, 7, 7, 10, 8] == [departures[day].at.hour for day in range(7)]

    def test_a_range_may_go_over_the_end_of_the_week(self, folder: Path) -> None:
        assert [0, 4, 5, 6] == list(car_of(folder, "mon-fri:", "fri-mon:").preferences.departures)

    def test_several_days_are_named_with_commas(self, folder: Path) -> None:
        assert [0, 2, 4, 5] == list(car_of(folder, "mon-fri:", '"mon,wed,fri-sat":').preferences.departures)

    def test_a_car_may_have_no_departure_at_all(self, folder: Path) -> None:
        text = ADA[: ADA.index("    departures")]

        assert {} == car_of(folder, ADA, text).preferences.departures

    @pytest.mark.parametrize(
        ("name", "vehicle_id"),
        [
            ("ID.3", "ada-id3"),
            ("Model 3", "ada-model-3"),
            ("Škoda Enyaq iV 80!", "ada-skoda-enyaq-iv-80"),
            ("my  car", "ada-my-car"),
            ("極光", "ada-id3"),
        ],
    )
    def test_the_vehicles_id_is_made_of_driver_and_name_or_else_model(
        self, folder: Path, name: str, vehicle_id: str
    ) -> None:
        assert vehicle_id == car_of(folder, "name: ID.3", f"name: {name}").vehicle.id

    def test_an_id_that_is_written_is_kept(self, folder: Path) -> None:
        assert "blue" == car_of(folder, "- name: ID.3", "- id: blue").vehicle.id

    def test_a_car_without_a_name_is_called_by_its_model(self, folder: Path) -> None:
        assert "ID.3" == car_of(folder, "- name: ID.3\n    make", "- make").vehicle.name

    def test_a_driver_without_a_name_is_called_by_the_files(self, folder: Path) -> None:
        (folder / "van-dyke.yaml").write_text(ADA.replace("name: Ada\n", ""))

        assert "Van Dyke" == load_drivers(folder)[0].name

    def test_small_letters_name_a_powertrain_too(self, folder: Path) -> None:
        assert Powertrain.PHEV is car_of(folder, "BEV", "phev").vehicle.powertrain

    @pytest.mark.parametrize(("power_kw", "efficiency"), [(11, 0.90), (7.4, 0.90), (4.6, 0.86), (2.3, 0.86)])
    def test_a_single_phase_loses_more(self, folder: Path, power_kw: float, efficiency: float) -> None:
        assert efficiency == car_of(folder, "max_power_kw: 11", f"max_power_kw: {power_kw}").vehicle.efficiency

    def test_drivers_come_in_the_order_of_their_files(self, folder: Path) -> None:
        (folder / "ben.yaml").write_text(ADA.replace("4711", "4712"))
        (folder / "ada.yaml").write_text(ADA)
        (folder / ".hidden.yaml").write_text("an editor's own")
        (folder / "ada.yaml~").write_text("an editor's own")

        assert ["ada", "ben"] == [driver.id for driver in load_drivers(folder)]

    def test_the_schema_describes_every_key(self) -> None:
        schema = driver_schema()
        models = [schema, *schema["$defs"].values()]

        undescribed = {
            key
            for model in models
            for key, value in model.get("properties", {}).items()
            if not value.get("description")
        }

        assert set() == undescribed
        assert {"BlockedEntry", "CarEntry", "DepartureEntry"} <= set(schema["$defs"])
        assert False is schema["additionalProperties"]


SPOILED = [
    (
        "powertrain: BEV",
        "powertrain: HEV",
        (
            '8:5: cars[0].powertrain: got "HEV": a full hybrid has no plug and charges itself as it drives; '
            "only a BEV or a PHEV can be scheduled"
        ),
    ),
    (
        "powertrain: BEV",
        "powertrain: ice",
        (
            '8:5: cars[0].powertrain: got "ice": a car with a combustion engine alone has nothing to charge; '
            "only a BEV or a PHEV can be scheduled"
        ),
    ),
    (
        "powertrain: BEV",
        "powertrain: electric",
        '8:5: cars[0].powertrain: got "electric", expected one of "BEV", "PHEV"',
    ),
    ("powertrain: BEV", "powertrain: [BEV]", '8:5: cars[0].powertrain: got a list, expected one of "BEV", "PHEV"'),
    ("usable_kwh: 58", "usable_kwh: 0", "11:5: cars[0].usable_kwh: got 0, expected a number above 0 and up to 300"),
    ("usable_kwh:", "usabel_kwh:", '11:5: cars[0].usabel_kwh: is not a known key, did you mean "usable_kwh"?'),
    (
        "usable_kwh: 58",
        "usable_kwh: 58\n    parked_at_c: 68",
        "12:5: cars[0].parked_at_c: got 68, expected a number from -40 to 60",
    ),
    (
        "usable_kwh: 58",
        "usable_kwh: 58\n    battery_cost: -1",
        "12:5: cars[0].battery_cost: got -1, expected a number from 0 up",
    ),
    (
        "max_power_kw: 11",
        "max_power_kw: 150",
        "12:5: cars[0].max_power_kw: got 150, expected a number above 0 and up to 44",
    ),
    (
        "reserve_pct: 20",
        "reserve_pct: 90",
        "13:5: cars[0].reserve_pct: got 90, expected no more than the target of 80 on mon-fri",
    ),
    (
        "target_pct: 80",
        "target_pct: 0.8%",
        '15:28: cars[0].departures.mon-fri.target_pct: got "0.8%", expected a number from 0 to 100',
    ),
    ("at: 07:00", "at: 7.5", '15:17: cars[0].departures.mon-fri.at: got 7.5, expected a time of day such as "07:00"'),
    (
        "at: 07:00",
        "at: 24:00",
        '15:17: cars[0].departures.mon-fri.at: got "24:00", expected a time of day such as "07:00"',
    ),
    ("at: 07:00, ", "", '15:7: cars[0].departures.mon-fri.at: is missing, expected a time of day such as "07:00"'),
    (
        "mon-fri:",
        "mon-fry:",
        (
            '15:7: cars[0].departures.mon-fry: got "mon-fry", expected a day such as "mon", a range such as "mon-fri", '
            'several with commas, or "daily", did you mean "mon-fri"?'
        ),
    ),
    (
        "      mon-fri:",
        "      wed-sun: {at: 07:00, target_pct: 80}\n      mon-fri:",
        "16:7: cars[0].departures.mon-fri: names wed again, after wed-sun",
    ),
    (
        "tariff: dynamic",
        "tariff: Dy Namic",
        '3:1: tariff: got "Dy Namic", expected an id of small letters, digits and hyphens',
    ),
    ("tariff: dynamic\n", "", "1:1: tariff: is missing, expected an id of small letters, digits and hyphens"),
    (
        "smartcar_vehicle_id: vehicle-4711",
        "smartcar_vehicle_id: 4711",
        "9:5: cars[0].smartcar_vehicle_id: got a value that is not shown here, expected text that is not empty",
    ),
    (
        "- name: ID.3\n",
        "- name: 極\n    id: 極\n",
        '6:5: cars[0].id: got "極", expected an id of small letters, digits and hyphens',
    ),
    ("ID.3", "極", '5:5: cars[0].id: is missing, and no id can be made of the name "極"'),
    (
        "    departures:",
        "    max_starts: 0\n    departures:",
        '14:5: cars[0].max_starts: got 0, expected a whole number from 1 up or "any"',
    ),
    (
        "    departures:",
        "    prefer: cheap\n    departures:",
        '14:5: cars[0].prefer: got "cheap", expected one of "late", "early"',
    ),
    (
        "    departures:",
        "    efficiency: 90\n    departures:",
        "14:5: cars[0].efficiency: got 90, expected a number from 0.5 to 1",
    ),
    (
        "    departures:",
        "    blocked: [{from: 17:00}]\n    departures:",
        '14:15: cars[0].blocked[0].to: is missing, expected a time of day such as "07:00"',
    ),
    (
        "    departures:",
        "    blocked: [{from: 17:00, to: 20:00, days: 3}]\n    departures:",
        "14:40: cars[0].blocked[0].days: got 3, expected text",
    ),
    (
        "timezone: Europe/Berlin",
        "timezone: CEST",
        '2:1: timezone: got "CEST", expected a time zone such as "Europe/Berlin"',
    ),
]


def test_an_address_for_notices_is_the_drivers(folder: Path) -> None:
    (folder / "ada.yaml").write_text(ADA + "notify:\n  url: https://ntfy.sh/canary\n  form: text\n  secret: ntfy\n")

    (driver,) = load_drivers(folder)

    assert NoticeAddress("https://ntfy.sh/canary", plain=True, secret="ntfy") == driver.notify
    assert "canary" not in repr(driver)


class TestASpoiledFile:
    @pytest.mark.parametrize(("old", "new", "message"), SPOILED, ids=[case[2].split(": ")[0] for case in SPOILED])
    def test_is_told_by_place_value_and_expectation(self, folder: Path, old: str, new: str, message: str) -> None:
        (folder / "ada.yaml").write_text(ADA.replace(old, new))

        assert f"drivers/ada.yaml:{message}" in told(folder)

    def test_names_a_bad_address_for_notices_by_its_place_and_not_by_its_value(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA + "notify:\n  url: ftp://canary\n")
        line = ADA.count("\n") + 2

        (problem,) = told(folder)

        assert problem.startswith(f"drivers/ada.yaml:{line}:3: notify.url: ")
        assert "expected an address such as https://ntfy.sh/your-topic" in problem
        assert "canary" not in problem

    @pytest.mark.parametrize("url", ["http://canary:99999999/", "http://[canary/"])
    def test_names_an_address_for_notices_that_nobody_could_call(self, folder: Path, url: str) -> None:
        (folder / "ada.yaml").write_text(ADA + f"notify:\n  url: {url}\n")

        (problem,) = told(folder)

        assert "notify.url: " in problem
        assert "canary" not in problem

    def test_is_never_half_loaded(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA)
        (folder / "ben.yaml").write_text(ADA.replace("07:00", "7").replace("4711", "4712"))

        assert [
            'drivers/ben.yaml:15:17: cars[0].departures.mon-fri.at: got 7, expected a time of day such as "07:00"'
        ] == (told(folder))

    def test_an_unknown_tariff_is_told_with_the_one_that_was_meant(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA)

        assert [
            'drivers/ada.yaml:3:1: tariff: got "dynamic", expected the id of a tariff, did you mean "dynamics"?'
        ] == (told(folder, "dynamics", "flat"))

    def test_an_unknown_tariff_that_is_close_to_none_is_told_with_all(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA)

        assert ['drivers/ada.yaml:3:1: tariff: got "dynamic", expected the id of a tariff; known are flat, night'] == (
            told(folder, "night", "flat")
        )

    def test_a_known_tariff_is_fine(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA)

        assert 1 == len(load_drivers(folder, {"dynamic"}))

    def test_the_same_id_twice_names_both_places(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA)
        (folder / "ben.yaml").write_text(ADA.replace("- name: ID.3", "- id: ada-id3").replace("4711", "4712"))

        assert ['drivers/ben.yaml:5:5: cars[0].id: the id "ada-id3" is used already, at drivers/ada.yaml:5:5'] == (
            told(folder)
        )

    def test_the_same_car_twice_names_both_places_and_not_its_smartcar_id(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA)
        (folder / "ben.yaml").write_text(ADA)

        assert [
            "drivers/ben.yaml:9:5: cars[0].smartcar_vehicle_id: this Smartcar vehicle is used already, at drivers/ada.yaml:9:5"
        ] == told(folder)

    def test_a_name_that_would_steer_a_terminal_is_refused(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA.replace("- name: ID.3", '- name: "ID\\u001b[31m"'))

        (sentence,) = told(folder)

        assert sentence.startswith("drivers/ada.yaml:5:")
        assert "expected letters that can be printed" in sentence

    def test_a_car_may_not_be_called_like_another_driver(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA)
        (folder / "ben.yaml").write_text(ADA.replace("- name: ID.3", "- id: ada").replace("4711", "4712"))

        assert ['drivers/ben.yaml:5:5: cars[0].id: the id "ada" is that of the driver in drivers/ada.yaml'] == told(
            folder
        )

    def test_a_car_may_be_called_like_its_own_driver(self, folder: Path) -> None:
        assert "ada" == car_of(folder, "- name: ID.3", "- id: ada").vehicle.id

    def test_a_file_is_named_after_an_id(self, folder: Path) -> None:
        (folder / "Ada Lovelace.yaml").write_text(ADA)

        assert [
            (
                "drivers/Ada Lovelace.yaml: the file's name is the driver's id, expected small letters, digits and hyphens, "
                "such as ada.yaml"
            )
        ] == told(folder)

    def test_another_ending_is_not_silently_left_out(self, folder: Path) -> None:
        (folder / "ada.yml").write_text(ADA)

        assert ["drivers/ada.yml: expected a name that ends in .yaml"] == told(folder)

    def test_a_folder_without_drivers_is_a_problem(self, folder: Path) -> None:
        assert ["drivers: holds no driver, expected one file such as ada.yaml for each"] == told(folder)

    def test_no_folder_at_all_is_a_problem(self, folder: Path) -> None:
        assert ["elsewhere: there is no such folder"] == told(Path("elsewhere"))

    def test_is_a_config_error(self, folder: Path) -> None:
        with pytest.raises(ConfigError):
            load_drivers(folder)


class TestUpcomingGoals:
    def test_a_departure_is_the_wall_time_in_utc_with_target_and_reserve(self) -> None:
        (goal,) = upcoming_goals(daily(time(7)), BERLIN, utc("2026-02-01T17:00"), timedelta(days=1))

        assert ChargeGoal(utc("2026-02-02T06:00"), 80.0, 20.0) == goal

    def test_a_week_has_seven_of_them_in_time_order(self) -> None:
        ready = [goal.ready_by for goal in upcoming_goals(daily(time(7)), BERLIN, utc("2026-02-01T17:00"))]

        assert 7 == len(ready)
        assert sorted(ready) == ready

    def test_days_without_a_departure_have_none(self) -> None:
        on_mondays = car({0: Departure(time(7), 80.0)})

        assert ["02-02 06:00"] == goals(on_mondays, BERLIN, "2026-02-01T17:00")
        assert [] == goals(car(), BERLIN, "2026-02-01T17:00")

    def test_a_departure_exactly_now_is_past(self) -> None:
        assert "02-03 06:00" == goals(daily(time(7)), BERLIN, "2026-02-02T06:00")[0]
        assert "02-02 06:00" == goals(daily(time(7)), BERLIN, "2026-02-02T05:59:59")[0]

    def test_a_departure_exactly_at_the_end_of_the_horizon_counts(self) -> None:
        on_mondays = car({0: Departure(time(7), 80.0)})

        assert ["02-09 06:00"] == goals(on_mondays, BERLIN, "2026-02-02T06:00")

    @pytest.mark.parametrize(
        ("zone", "at", "now", "ready_by"),
        [
            (BERLIN, time(2, 30), "2026-03-28T12:00", "03-29 01:00"),
            (BERLIN, time(2), "2026-03-28T12:00", "03-29 01:00"),
            (BERLIN, time(3), "2026-03-28T12:00", "03-29 01:00"),
            (BERLIN, time(1, 59), "2026-03-28T12:00", "03-29 00:59"),
            (BERLIN, time(7), "2026-03-28T12:00", "03-29 05:00"),
            (LONDON, time(1, 30), "2026-03-28T12:00", "03-29 01:00"),
            (NEW_YORK, time(2, 30), "2026-03-07T12:00", "03-08 07:00"),
            (LORD_HOWE, time(2, 15), "2026-10-03T12:00", "10-03 15:30"),
            (KATHMANDU, time(2, 30), "2026-03-28T12:00", "03-28 20:45"),
        ],
    )
    def test_a_wall_time_the_clocks_jump_over_is_the_moment_of_the_jump(
        self, zone: ZoneInfo, at: time, now: str, ready_by: str
    ) -> None:
        assert ready_by == goals(daily(at), zone, now)[0]

    @pytest.mark.parametrize(
        ("zone", "at", "now", "ready_by"),
        [
            (BERLIN, time(2, 30), "2026-10-24T12:00", "10-25 00:30"),
            (BERLIN, time(3), "2026-10-24T12:00", "10-25 02:00"),
            (LONDON, time(1, 30), "2026-10-24T12:00", "10-25 00:30"),
            (NEW_YORK, time(1, 30), "2026-10-31T12:00", "11-01 05:30"),
            (LORD_HOWE, time(1, 45), "2026-04-04T12:00", "04-04 14:45"),
            (KATHMANDU, time(1, 30), "2026-10-24T12:00", "10-24 19:45"),
        ],
    )
    def test_a_wall_time_that_exists_twice_is_the_first_of_the_two(
        self, zone: ZoneInfo, at: time, now: str, ready_by: str
    ) -> None:
        assert ready_by == goals(daily(at), zone, now)[0]

    def test_between_the_two_the_departure_is_past(self) -> None:
        assert "10-26 01:30" == goals(daily(time(2, 30)), BERLIN, "2026-10-25T01:00")[0]

    def test_a_day_a_zone_left_out_has_its_departure_when_the_calendar_jumped(self) -> None:
        # Samoa had no 30 December 2011: it went from the 29th to the 31st.
        on_the_left_out_friday = car({4: Departure(time(7), 80.0)})

        assert ["12-30 10:00"] == goals(
            on_the_left_out_friday, ZoneInfo("Pacific/Apia"), "2011-12-29T12:00", timedelta(days=2)
        )

    @given(
        st.sampled_from(ZONES),
        st.times(min_value=time(0), max_value=time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0)),
        st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1)),
    )
    def test_each_goal_shows_the_departures_wall_time_but_in_the_spring_gap(
        self, zone: ZoneInfo, at: time, naive: datetime
    ) -> None:
        now = naive.replace(tzinfo=UTC)

        ready = [goal.ready_by for goal in upcoming_goals(daily(at), zone, now)]

        assert 6 <= len(ready) <= 8
        assert sorted(set(ready)) == ready
        assert all(now < moment <= now + timedelta(days=7) for moment in ready)
        for moment in ready:
            before = local(moment - timedelta(seconds=1), zone)
            jumped = local(moment, zone).utcoffset() > before.utcoffset()  # type: ignore[operator]
            wall = local(moment, zone).time()
            assert at == wall or (jumped and before.time() < at < wall)
            assert 0 == local(moment, zone).fold


class TestBlockedIntervals:
    def blocked(self, zone: ZoneInfo, hours: BlockedHours, start: str, end: str) -> list[str]:
        window = Interval(utc(start), utc(end))
        return [f"{i.start:%d %H:%M}-{i.end:%d %H:%M}" for i in blocked_intervals(car(blocked=(hours,)), zone, window)]

    def test_hours_are_blocked_in_local_time_every_day(self) -> None:
        evening = BlockedHours(time(17), time(20))

        assert ["01 16:00-01 19:00", "02 16:00-02 19:00"] == (
            self.blocked(BERLIN, evening, "2026-02-01T00:00", "2026-02-03T00:00")
        )

    def test_hours_that_wrap_over_midnight_began_the_day_before(self) -> None:
        night = BlockedHours(time(22), time(6), frozenset({6}))

        assert ["01 21:00-02 05:00"] == self.blocked(BERLIN, night, "2026-02-01T00:00", "2026-02-08T00:00")
        assert ["02 00:00-02 05:00"] == self.blocked(BERLIN, night, "2026-02-02T00:00", "2026-02-08T00:00")

    def test_the_same_time_twice_is_a_whole_day(self) -> None:
        sunday = BlockedHours(time(0), time(0), frozenset({6}))

        assert ["28 23:00-29 22:00"] == self.blocked(BERLIN, sunday, "2026-03-27T00:00", "2026-04-03T00:00")
        assert ["24 22:00-25 23:00"] == self.blocked(BERLIN, sunday, "2026-10-23T00:00", "2026-10-30T00:00")

    def test_hours_the_clocks_jump_over_are_never_blocked(self) -> None:
        assert [] == self.blocked(BERLIN, BlockedHours(time(2), time(3)), "2026-03-29T00:00", "2026-03-29T23:00")
        assert ["29 00:30-29 01:30"] == (
            self.blocked(BERLIN, BlockedHours(time(1, 30), time(3, 30)), "2026-03-29T00:00", "2026-03-29T23:00")
        )

    def test_hours_that_exist_twice_are_blocked_twice(self) -> None:
        assert ["25 00:00-25 00:30", "25 01:00-25 01:30"] == (
            self.blocked(BERLIN, BlockedHours(time(2), time(2, 30)), "2026-10-24T22:00", "2026-10-25T22:00")
        )
        assert ["25 00:00-25 02:00"] == (
            self.blocked(BERLIN, BlockedHours(time(2), time(3)), "2026-10-24T22:00", "2026-10-25T22:00")
        )

    @pytest.mark.parametrize("end", ["2026-03-29T01:00:00", "2026-03-29T00:59:59.5", "2026-03-29T01:00:00.5"])
    def test_a_window_may_end_where_the_clocks_jump(self, end: str) -> None:
        all_day = BlockedHours(time(0), time(0))
        window = Interval(utc("2026-03-28T12:00:00.25"), utc(end))

        assert (window,) == blocked_intervals(car(blocked=(all_day,)), BERLIN, window)

    def test_nothing_is_blocked_by_default(self) -> None:
        assert () == blocked_intervals(car(), BERLIN, Interval(utc("2026-02-01T00:00"), utc("2026-02-08T00:00")))

    def test_several_hours_that_overlap_are_one(self) -> None:
        hours = (BlockedHours(time(16), time(18)), BlockedHours(time(17), time(20)))

        assert 1 == len(
            blocked_intervals(car(blocked=hours), BERLIN, Interval(utc("2026-02-01T00:00"), utc("2026-02-02T00:00")))
        )

    @given(
        st.sampled_from(ZONES),
        st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        st.times().map(lambda at: at.replace(second=0, microsecond=0)),
        st.frozensets(st.integers(0, 6)),
        st.datetimes(datetime(2024, 1, 1), datetime(2029, 1, 1)),
        st.integers(0, 3 * 24 * 3600 - 1),
    )
    def test_a_moment_is_blocked_exactly_where_the_wall_clock_shows_blocked_hours(
        self, zone: ZoneInfo, start: time, end: time, weekdays: frozenset[int], naive: datetime, second: int
    ) -> None:
        window = Interval(naive.replace(tzinfo=UTC), naive.replace(tzinfo=UTC) + timedelta(days=3))
        moment = window.start + timedelta(seconds=second)
        wall = local(moment, zone)
        begun_today = wall.weekday() in weekdays and wall.time() >= start and (wall.time() < end or end <= start)
        begun_yesterday = (wall.weekday() - 1) % 7 in weekdays and end <= start and wall.time() < end

        blocked = blocked_intervals(car(blocked=(BlockedHours(start, end, weekdays),)), zone, window)

        assert (begun_today or begun_yesterday) is any(moment in interval for interval in blocked)


TRIPS = """\
    trips:
      - {ready_by: 2026-02-13 06:30, name: Skiing}
      - {ready_by: "2026-02-14T09:00", target_pct: 90}
    departures:
"""


class TestTrips:
    def test_a_trip_is_written_with_its_day_and_is_full_unless_it_says_less(self, folder: Path) -> None:
        trips = car_of(folder, "    departures:\n", TRIPS).preferences.trips

        assert (Trip(datetime(2026, 2, 13, 6, 30), 100.0, "Skiing"), Trip(datetime(2026, 2, 14, 9), 90.0)) == trips

    @pytest.mark.parametrize(
        ("trip", "expected"),
        [
            ("06:30", ["07:00 80", "06:30 100 Trip", "07:00 80"]),
            ("07:00", ["07:00 80", "07:00 100 Trip", "07:00 80"]),
            ("09:00", ["07:00 80", "07:00 80", "09:00 100 Trip", "07:00 80"]),
        ],
    )
    def test_a_trip_takes_the_place_of_a_departure_that_is_not_earlier_that_day(
        self, trip: str, expected: list[str]
    ) -> None:
        travelling = with_wishes(trips=(Trip(datetime.fromisoformat(f"2026-02-03 {trip}"), name="Trip"),))

        goals = upcoming_goals(travelling, BERLIN, utc("2026-02-01T22:00"), timedelta(days=2, hours=12))

        told = [f"{local(goal.ready_by, BERLIN):%H:%M} {goal.target_pct:g} {goal.name}".strip() for goal in goals]
        assert expected == told

    def test_trips_alone_make_goals_in_their_order_whatever_the_order_they_are_written_in(self) -> None:
        trips = (Trip(datetime(2026, 2, 3, 18)), Trip(datetime(2026, 2, 3, 9)), Trip(datetime(2026, 3, 3, 9)))
        travelling = with_wishes(departures={}, trips=trips)

        assert ["02-03 08:00", "02-03 17:00"] == goals(travelling, BERLIN, "2026-02-01T22:00")

    def test_a_trip_keeps_the_reserve_and_is_past_at_its_own_moment(self) -> None:
        travelling = with_wishes(departures={}, trips=(Trip(datetime(2026, 2, 3, 9)),))

        (goal,) = upcoming_goals(travelling, BERLIN, utc("2026-02-03T07:59"))

        assert ChargeGoal(utc("2026-02-03T08:00"), 100.0, 20.0) == goal
        assert [] == goals(travelling, BERLIN, "2026-02-03T08:00")

    def test_a_trip_in_the_hour_that_is_skipped_is_ready_when_the_clocks_jump(self) -> None:
        travelling = with_wishes(departures={}, trips=(Trip(datetime(2026, 3, 29, 2, 30)),))

        assert ["03-29 01:00"] == goals(travelling, BERLIN, "2026-03-28T12:00")

    @pytest.mark.parametrize("written", ["soon", "2026-02-30 09:00", "09:00", "2026-02-13 25:00", "20260213"])
    def test_a_trip_at_no_moment_is_named(self, folder: Path, written: str) -> None:
        (folder / "ada.yaml").write_text(ADA.replace("    departures:\n", TRIPS.replace("2026-02-13 06:30", written)))

        (problem,) = told(folder)
        assert "cars[0].trips[0].ready_by: got " in problem
        assert problem.endswith('expected a day and a time such as "2026-12-24 09:00"')

    def test_two_trips_at_one_moment_are_one_too_many(self, folder: Path) -> None:
        twice = TRIPS.replace('"2026-02-14T09:00"', "2026-02-13 06:30")
        (folder / "ada.yaml").write_text(ADA.replace("    departures:\n", twice))

        assert [
            'drivers/ada.yaml:16:10: cars[0].trips[1].ready_by: got "2026-02-13 06:30": is that of trips[0] too'
        ] == told(folder)

    def test_a_reserve_above_a_trips_target_is_named(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA.replace("    departures:\n", TRIPS.replace("90", "10")))

        (problem,) = told(folder)
        assert problem.endswith("got 20, expected no more than the target of 10 for the trip at 2026-02-14 09:00")


class TestTheDailyLimit:
    def test_is_the_target_of_a_departure_that_states_none_and_cuts_none_that_is_stated(self, folder: Path) -> None:
        text = ADA.replace("{at: 07:00, target_pct: 80}", "{at: 07:00}").replace(
            "BEV\n", "BEV\n    daily_limit_pct: 70\n"
        )
        (folder / "ada.yaml").write_text(text + "      sat: {at: 07:00, target_pct: 100}\n")

        departures = load_drivers(folder)[0].cars[0].preferences.departures

        assert [70.0] * 5 + [100.0] == [departures[weekday].target_pct for weekday in range(6)]

    @pytest.mark.parametrize(
        ("powertrain", "line", "limit_pct"),
        [("BEV", "", 80.0), ("PHEV", "", 100.0), ("BEV", "    daily_limit_pct: 90\n", 90.0)],
    )
    def test_is_80_for_a_battery_and_full_for_a_hybrid_unless_said(
        self, folder: Path, powertrain: str, line: str, limit_pct: float
    ) -> None:
        (folder / "ada.yaml").write_text(ADA.replace("BEV\n", f"{powertrain}\n{line}"))

        assert limit_pct == load_drivers(folder)[0].cars[0].preferences.daily_limit_pct

    def test_that_is_not_said_gives_way_to_the_reserve(self, folder: Path) -> None:
        text = ADA.replace("reserve_pct: 20", "reserve_pct: 90").replace("target_pct: 80", "target_pct: 100")
        (folder / "ada.yaml").write_text(text)

        assert 90.0 == load_drivers(folder)[0].cars[0].preferences.daily_limit_pct

    def test_is_not_below_the_reserve(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA.replace("reserve_pct: 20", "reserve_pct: 20\n    daily_limit_pct: 10"))

        assert [
            "drivers/ada.yaml:13:5: cars[0].reserve_pct: got 20, expected no more than the daily limit of 10"
        ] == told(folder)


class TestAFloor:
    def test_is_read_and_goes_with_its_goal(self, folder: Path) -> None:
        patient = car_of(folder, "target_pct: 80}", "target_pct: 80, floor_pct: 40}")

        (goal, *_) = upcoming_goals(patient, BERLIN, utc("2026-02-01T22:00"))

        assert (80.0, 40.0, 40.0) == (goal.target_pct, goal.floor_pct, goal.least_pct)

    def test_is_not_above_its_target(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA.replace("target_pct: 80}", "floor_pct: 90}"))

        (problem,) = told(folder)
        assert problem.endswith("cars[0].departures.mon-fri.floor_pct: got 90, expected no more than the target of 80")


class TestACarThatIsAlwaysReady:
    def test_has_its_goal_so_long_after_it_was_plugged_in(self) -> None:
        ready = with_wishes(departures={}, always_ready_within=timedelta(hours=8))

        (first, second) = (
            upcoming_goals(ready, BERLIN, utc(now), plugged_in_at=utc("2026-02-01T18:00"))
            for now in ("2026-02-01T18:00", "2026-02-02T01:59")
        )

        assert (ChargeGoal(utc("2026-02-02T02:00"), 80.0, 20.0),) == first == second

    def test_has_it_again_after_that(self) -> None:
        ready = with_wishes(departures={}, always_ready_within=timedelta(hours=8))

        (goal,) = upcoming_goals(ready, BERLIN, utc("2026-02-02T02:00"), plugged_in_at=utc("2026-02-01T18:00"))

        assert utc("2026-02-02T10:00") == goal.ready_by

    def test_counts_from_now_where_nobody_saw_the_plug(self) -> None:
        ready = with_wishes(departures={}, always_ready_within=timedelta(hours=8))

        assert ["02-02 02:00"] == goals(ready, BERLIN, "2026-02-01T18:00")

    def test_may_go_on_a_trip_before(self) -> None:
        trips = (Trip(datetime(2026, 2, 1, 21)),)
        ready = with_wishes(departures={}, always_ready_within=timedelta(hours=8), trips=trips)

        assert ["02-01 20:00", "02-02 02:00"] == goals(ready, BERLIN, "2026-02-01T18:00")

    def test_is_one_without_departures(self, folder: Path) -> None:
        (folder / "ada.yaml").write_text(ADA.replace("reserve_pct: 20", "always_ready_within_hours: 8"))

        assert [
            (
                "drivers/ada.yaml:13:5: cars[0].always_ready_within_hours: got 8, "
                "expected no departures beside it; it is for a car without any"
            )
        ] == told(folder)

    def test_is_read_from_the_file(self, folder: Path) -> None:
        text = ADA[: ADA.index("    departures")] + "    always_ready_within_hours: 7.5\n"

        assert timedelta(hours=7.5) == car_of(folder, ADA, text).preferences.always_ready_within


class TestATimeThatAPersonMeans:
    @pytest.mark.parametrize(
        ("written", "moment"),
        [
            ("18:30", "2026-02-06T17:30"),
            ("9:05", "2026-02-06T08:05"),
            ("23:30", "2026-02-05T22:30"),
            ("2026-02-05 18:30", "2026-02-05T17:30"),
            ("2026-02-05T18:30:00Z", "2026-02-05T18:30"),
            ("2026-02-05T18:30+05:45", "2026-02-05T12:45"),
            ("2026-03-29 02:30", "2026-03-29T01:00"),
            ("2026-10-25 02:30", "2026-10-25T00:30"),
        ],
    )
    def test_is_one_of_the_drivers_clock_unless_it_says_otherwise(self, written: str, moment: str) -> None:
        assert utc(moment) == moment_of(written, BERLIN, utc("2026-02-06T18:00"))

    @pytest.mark.parametrize("written", ["", "soon", "24:00", "18:60", "2026-02-30 18:30"])
    def test_is_named_where_it_is_none(self, written: str) -> None:
        with pytest.raises(InvalidValue, match='expected a time such as "18:30"'):
            moment_of(written, BERLIN, utc("2026-02-06T18:00"))
