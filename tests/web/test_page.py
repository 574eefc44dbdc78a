"""What the page says of each car, to everybody: without JavaScript, without sight, with a hostile name."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from zoneinfo import ZoneInfo

import pytest

from scheduler.domain.command import CommandStatus
from scheduler.domain.consent import Consent, ConsentStatus
from scheduler.domain.driver import ChargeGoal
from scheduler.domain.plan import ChargePlan
from scheduler.domain.session import ChargeSession, Hand, Override
from scheduler.domain.tariff import PriceComponent, PriceSlot, TariffCurve, TariffId
from scheduler.domain.vehicle import VehicleId
from scheduler.domain.wear import Ageing, Wear
from tests.web.fleet import ADA, BEN, HOME, NOW, Fleet, a_curve, a_driver, a_full_fleet, a_window, local

VOID = {"meta", "link", "br", "img", "input"}


class Page(HTMLParser):
    """A page as its elements and its text, with every opened element closed in order."""

    def __init__(self, markup: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(markup)
        assert [] == self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert tag == self._open.pop()

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def classed(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for _, attributes in self.elements if name in (attributes.get("class") or "").split()]


def page_of(fleet: Fleet) -> Page:
    answer = fleet.get("/")
    assert 200 == answer.status_code
    return Page(answer.text)


@pytest.fixture
def fleet() -> Fleet:
    return a_full_fleet()


def test_a_card_says_what_is_promised_what_is_known_and_what_comes_next(fleet: Fleet) -> None:
    text = page_of(fleet).text

    for words in (
        "Ada's ID.3",
        "46 %, ready 07:00 at 80 % for EUR 2.31, next start 01:15; charging at once would cost EUR 4.36",
        "seen 4 min ago",
        "plugged in",
        "not charging",
        "start Sat 01:15 in 7 h 42 min",
        "saves EUR 2.05",
        "EUR per kWh, known until Sun 00:00",
        "Prices: made up",
        "ready Sat 07:00 at 80 %",
        "now 17:32",
        "Start , the plan: confirmed by a look at the car",
        "plan made cost 2.31, energy 16.6 kWh",
    ):
        assert words in text


def test_the_price_of_this_moment_is_taken_apart(fleet: Fleet) -> None:
    parts = (PriceComponent("energy", -0.02), PriceComponent("grid fee", 0.0937), PriceComponent("carbon weight", 0.04))
    slot = PriceSlot(local("2026-02-06 17:00"), local("2026-02-06 18:00"), 0.1137, components=parts)
    fleet.curves[HOME] = TariffCurve("EUR", (slot,), "made up")

    text = page_of(fleet).text

    assert "Now EUR 0.1137/kWh: energy −0.0200, grid fee 0.0937, carbon weight 0.0400" in text


def test_a_price_without_parts_is_not_taken_apart(fleet: Fleet) -> None:
    assert "Now EUR" not in page_of(fleet).text


def test_a_car_that_the_supplier_charges_has_no_buttons() -> None:
    driver = a_driver("Ada", "ID.3", ADA)
    fleet = Fleet(replace(driver, cars=(replace(driver.cars[0], by_supplier=True),)))
    fleet.plug(ADA)

    page = page_of(fleet)

    assert "46 %, charged by its energy supplier; smartcharge sends it no command" in page.text
    assert "Charge now" not in page.text


def test_the_planned_windows_are_listed_with_energy_and_cost(fleet: Fleet) -> None:
    fleet.curves[HOME] = a_curve(local("2026-02-06 00:00"), local("2026-02-07 02:30"), lambda at: 0.2)
    fleet.promise(
        ADA, a_window("2026-02-07 01:00", "2026-02-07 02:00"), a_window("2026-02-07 02:15", "2026-02-07 03:15")
    )

    text = page_of(fleet).text

    assert "Sat 01:00–02:00 7.4 kWh EUR 1.48" in text
    assert "Sat 02:15–03:15 7.4 kWh price unknown" in text


def test_a_car_that_was_never_seen_is_shown_as_that(fleet: Fleet) -> None:
    text = page_of(fleet).text

    assert "Not seen yet" in text
    assert "never seen" in text
    assert "no price is known yet" in text
    assert "not known yet" in text


@pytest.mark.parametrize(
    ("plugged_in", "charging", "full", "words"),
    [
        (None, None, None, ["plug unknown", "charging unknown"]),
        (False, False, None, ["not plugged in"]),
        (True, True, None, ["plugged in", "charging at 7.2 kW"]),
        (True, False, True, ["plugged in", "full"]),
    ],
)
def test_plug_and_charging_are_told_as_far_as_the_car_tells_them(
    fleet: Fleet, plugged_in: bool | None, charging: bool | None, full: bool | None, words: list[str]
) -> None:
    power_kw = 7.2 if charging else None
    fleet.see(BEN, 14.0, plugged_in=plugged_in, charging=charging, fully_charged=full, power_kw=power_kw)

    markup = fleet.get("/").text

    chips = re.findall(r'<li class="\w+">([^<]+)</li>', markup.partition('id="car-ben-zoe"')[2])
    assert words == chips


def test_an_unknown_state_of_charge_is_no_number(fleet: Fleet) -> None:
    fleet.plug(ADA, None)

    page = page_of(fleet)

    assert "? %" in page.text
    assert any("State of charge unknown" in (svg.get("aria-label") or "") for svg in page.all("svg"))


@pytest.mark.parametrize(
    ("override", "chip", "warning"),
    [
        (Override.STOP, "stopped by you", "It may miss the departure Sat 07:00 at 80 %"),
        (Override.HOLD, "on hold", "Nobody watches the departure Sat 07:00 at 80 %"),
        (Override.START, "start asked for", ""),
    ],
)
def test_a_persons_word_is_shown_with_its_consequence_and_the_way_back(
    fleet: Fleet, override: Override, chip: str, warning: str
) -> None:
    fleet.store.set_override(ADA, override, NOW)

    page = page_of(fleet)

    assert chip in page.text
    assert warning in page.text
    assert ["/cars/ada-id3/resume"] == [f["action"] for f in page.all("form") if "resume" in (f["action"] or "")]


@pytest.mark.parametrize("override", [Override.START, Override.STOP, Override.HOLD])
def test_a_plan_that_is_overruled_is_neither_drawn_nor_praised(fleet: Fleet, override: Override) -> None:
    assert 1 == len(page_of(fleet).classed("window"))

    fleet.store.set_override(ADA, override, NOW)

    page = page_of(fleet)
    assert [] == page.classed("window") + page.classed("next") + page.classed("saving")


def test_a_departure_that_has_passed_is_warned_of_no_more(fleet: Fleet) -> None:
    fleet.promise(ADA, goal=ChargeGoal(NOW - timedelta(hours=1), 80.0))
    fleet.store.set_override(ADA, Override.STOP, NOW)

    assert [] == page_of(fleet).classed("warning")


@pytest.mark.parametrize(("hand", "chip"), [(Hand.CHARGING, "started by hand"), (Hand.STOPPED, "stopped by hand")])
def test_a_hand_on_the_car_is_shown_with_the_way_back(fleet: Fleet, hand: Hand, chip: str) -> None:
    fleet.store.save_session(ChargeSession(ADA, NOW - timedelta(hours=1), hand=hand))

    page = page_of(fleet)

    assert chip in page.text
    assert "Resume the plan" in page.text
    assert [] == page.classed("window") + page.classed("next")


def test_nothing_to_resume_is_no_button(fleet: Fleet) -> None:
    assert "Resume the plan" not in page_of(fleet).text


def test_the_newest_commands_come_first_and_few_are_shown(fleet: Fleet) -> None:
    for number in range(6):
        fleet.clock.advance(60)
        fleet.command(BEN, f"b{number}", CommandStatus.SENDING, CommandStatus.FAILED, detail=f"refusal {number}")

    markup = fleet.get("/").text

    assert ["refusal 5", "refusal 4", "refusal 3", "refusal 2"] == re.findall(r"refusal \d", markup)[:4]
    assert 4 == len(re.findall(r"refusal \d", markup))


def test_a_plan_that_saves_nothing_boasts_of_nothing(fleet: Fleet) -> None:
    fleet.promise(ADA, a_window("2026-02-07 01:15", "2026-02-07 03:45"), at_once_cost=2.31)

    assert "saves" not in page_of(fleet).text


def test_a_saving_at_unknown_prices_is_not_claimed(fleet: Fleet) -> None:
    window = a_window("2026-02-07 01:15", "2026-02-07 03:30")
    plan = ChargePlan(ChargePlan.rest().outcome, (window,), 16.6, cost=1.0, cost_known=False)
    fleet.promise(ADA, plan=plan)

    assert "saves" not in page_of(fleet).text


def test_notes_of_a_promise_are_shown(fleet: Fleet) -> None:
    fleet.promise(ADA, notes=("the price cap was dropped",))

    assert "the price cap was dropped" in page_of(fleet).text


def test_what_standing_full_costs_is_shown_with_its_time(fleet: Fleet) -> None:
    fleet.promise(ADA, a_window("2026-02-07 01:15", "2026-02-07 03:45"), ageing=Ageing(Wear(11.0, 0.001)))

    assert "the battery stands above 80 %; that ages it by about EUR 0." in page_of(fleet).text


def test_everything_simulated_says_so_once_and_large() -> None:
    page = page_of(Fleet(a_driver("Ada", "ID.3", ADA), simulated=True))

    assert "SIMULATED No real car is read or switched, and prices may be those of another day." in page.text
    assert "SIMULATED" not in page.text.partition("No real car is read or switched")[2]


def test_a_real_car_on_simulated_prices_says_so_itself(fleet: Fleet) -> None:
    fleet.promise(ADA, simulated=True)

    markup = fleet.get("/").text

    assert "Some cars are planned on prices that are not today's." in markup
    assert "No real car" not in markup
    assert '<li class="doubt">SIMULATED</li>' in markup.partition('id="car-ada-id3"')[2].partition("</article>")[0]
    assert '<li class="doubt">SIMULATED</li>' not in markup.partition('id="car-ben-zoe"')[2]


def test_a_real_fleet_never_says_simulated(fleet: Fleet) -> None:
    assert "SIMULATED" not in fleet.get("/").text


def test_a_house_without_cars_says_what_to_do() -> None:
    text = page_of(Fleet()).text

    assert "No cars yet" in text
    assert "config/drivers/" in text


def test_what_is_wrong_with_the_daemon_stands_above_the_cars(fleet: Fleet) -> None:
    fleet.health = type(fleet.health)(("no sweep has been completed for 90 s",))

    text = page_of(fleet).text

    assert text.index("no sweep has been completed for 90 s") < text.index("Ada's ID.3")
    assert "needs attention" in text


def test_events_leave_out_what_only_a_developer_wants(fleet: Fleet) -> None:
    fleet.note("cycle.completed")
    fleet.note("prices.late", tariff="home")

    text = page_of(fleet).text

    assert "cycle completed" not in text
    assert "prices late tariff home" in text


def test_an_event_of_a_car_that_has_left_still_has_its_name(fleet: Fleet) -> None:
    fleet.note("vehicle.unplugged", VehicleId("old-leaf"))

    assert "old-leaf vehicle unplugged" in page_of(fleet).text


NAMES = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "Bobby' onmouseover='alert(1)",
    "{{ 7 * 7 }} {% raw %}",
    "&lt;b&gt; & &amp;",
    "\u202eadA",
    "A" * 300,
]


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_a_name(name: str) -> None:
    fleet = Fleet(a_driver(name, name, "ada-id3", TariffId(name)))
    fleet.plug(ADA)
    fleet.promise(ADA, a_window("2026-02-07 01:15", "2026-02-07 03:30"), notes=(name,), tariff_id=TariffId(name))
    fleet.command(ADA, "c1", CommandStatus.SENDING, CommandStatus.FAILED, detail=name)
    fleet.note("command.refused", ADA, reason=name)

    page = page_of(fleet)

    assert " ".join(f"{name}'s {name}".split()) in page.text
    assert [{"src": "/static/refresh.js", "defer": None}] == page.all("script")
    assert [] == page.all("img")
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]


def test_a_hostile_car_id_stays_inside_its_path() -> None:
    fleet = Fleet(a_driver("Ada", "ID.3", 'a/../b?c#"d'))

    actions = {form["action"] for form in page_of(fleet).all("form")}

    assert {f"/cars/a/../b%3Fc%23%22d/{verb}" for verb in ("start", "stop", "hold")} == actions


def test_the_page_needs_nothing_that_its_own_policy_forbids(fleet: Fleet) -> None:
    page = page_of(fleet)

    assert [] == page.all("style")
    assert not [attributes for _, attributes in page.elements if "style" in attributes]
    addresses = [
        value
        for _, attributes in page.elements
        for name in ("href", "src", "action")
        if (value := attributes.get(name)) is not None
    ]
    assert all(address.startswith("/") and not address.startswith("//") for address in addresses)


def test_without_javascript_the_page_reloads_itself(fleet: Fleet) -> None:
    assert '<noscript><meta http-equiv="refresh" content="30"></noscript>' in fleet.get("/").text


def test_the_fragment_is_the_page_without_its_frame(fleet: Fleet) -> None:
    fragment = fleet.get("/fleet").text

    assert fragment in fleet.get("/").text
    assert "<html" not in fragment
    Page(fragment)


@pytest.mark.parametrize(
    ("name", "media_type"),
    [("style.css", "text/css"), ("refresh.js", "text/javascript"), ("icon.svg", "image/svg+xml")],
)
def test_what_the_page_needs_is_served_by_us(fleet: Fleet, name: str, media_type: str) -> None:
    answer = fleet.get(f"/static/{name}")

    assert 200 == answer.status_code
    assert answer.headers["content-type"].startswith(media_type)
    assert "http://" not in answer.text.replace("http://www.w3.org/2000/svg", "")
    assert "https://" not in answer.text


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/", "/static/page.html"])
def test_nothing_else_is_served(fleet: Fleet, path: str) -> None:
    assert 404 == fleet.get(path).status_code


def test_a_form_sends_the_browser_back_to_the_card(fleet: Fleet) -> None:
    answer = fleet.ask("POST", "/cars/ada-id3/hold", [("origin", "http://127.0.0.1:8712")])

    assert (303, "/#car-ada-id3") == (answer.status_code, answer.headers["location"])
    assert Override.HOLD is fleet.store.override(ADA)


def test_a_form_for_a_wish_that_does_not_exist_is_a_404(fleet: Fleet) -> None:
    assert 404 == fleet.ask("POST", "/cars/ada-id3/explode").status_code


def test_the_page_is_in_english_has_a_title_and_one_main_heading(fleet: Fleet) -> None:
    page = page_of(fleet)

    assert [{"lang": "en"}] == page.all("html")
    assert 1 == len(page.all("h1")) == len(page.all("main"))
    assert page.text.startswith("smartcharge ")
    assert "width=device-width, initial-scale=1" in [meta.get("content") for meta in page.all("meta")]


def test_headings_never_skip_a_level(fleet: Fleet) -> None:
    levels = [int(tag[1]) for tag, _ in page_of(fleet).elements if re.fullmatch(r"h\d", tag)]

    assert 1 == levels[0]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_every_picture_says_in_words_what_it_shows_or_is_left_out(fleet: Fleet) -> None:
    page = page_of(fleet)

    named = [svg["aria-label"] for svg in page.all("svg") if svg.get("role") == "img"]
    assert 4 == len(named)
    assert "State of charge 46 %, target 80 %" in named
    assert any("charging Sat 01:15–03:30" in (name or "") for name in named)
    outer = [svg for svg in page.all("svg") if svg.get("viewbox") != "0 0 1000 216"]
    assert all(svg.get("role") == "img" or svg.get("aria-hidden") == "true" for svg in outer)


def test_every_id_is_there_once_and_every_label_is_found(fleet: Fleet) -> None:
    page = page_of(fleet)

    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    wanted = [attributes["aria-labelledby"] for _, attributes in page.elements if "aria-labelledby" in attributes]
    assert len(ids) == len(set(ids))
    assert set(wanted) <= set(ids)


def test_each_car_is_told_at_its_own_drivers_time(fleet: Fleet) -> None:
    fleet.drivers.append(a_driver("Chen", "Leaf", "chen-leaf", HOME, ZoneInfo("America/New_York")))

    text = page_of(fleet).text

    assert text.count("now 17:32") == 2
    assert text.count("now 11:32") == 1
    assert "as of 17:32 CET" in text


def test_a_car_that_is_not_connected_says_so_on_its_card(fleet: Fleet) -> None:
    fleet.consents[ADA] = Consent(ADA, ConsentStatus.LOST, reason="<script>revoked")
    lost = fleet.get("/").text
    fleet.consents[ADA] = Consent(ADA, ends_at=NOW + timedelta(days=2))
    ending = fleet.get("/").text

    assert ("consent lost" in lost, "<script>revoked" in lost) == (True, False)
    assert "Consent ends in 2 days: smartcharge connect ada-id3." in ending
    assert [True, True] == [
        '<a href="/connect/ada-id3">Connect Ada&#39;s ID.3 at Smartcar</a>' in page for page in (lost, ending)
    ]
    fleet.consents.clear()
    assert "/connect/" not in fleet.get("/").text
