"""A night in which everything goes wrong once, and every secret is a canary: none of them may sing anywhere."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest

from scheduler.doctor import car_findings, sealed_findings
from scheduler.domain.roster import Roster
from scheduler.monitoring.metrics import Metrics
from scheduler.vehicles.simulator.app import SimulatorTransport
from scheduler.vehicles.simulator.fault import Fault, FaultKind, Target
from scheduler.vehicles.simulator.scenario import Client
from scheduler.vehicles.simulator.signals import position, vin
from scheduler.vehicles.smartcar.account import Private
from scheduler.web.app import web_app
from scheduler.web.connect import connect
from scheduler.web.health import HealthReport
from scheduler.web.webhook import webhook
from tests.stories.street import Street, parked, resident
from tests.stories.test_consent import consents, without_ids

EVENING = datetime(2026, 2, 2, 16, 0, tzinfo=UTC)
MORNING = datetime(2026, 2, 3, 7, 0, tzinfo=UTC)
CLIENT = Client(
    id="client_canary-client",
    secret="canary-client-secret",
    application_id="00000000-5111-4000-8000-0ca4a4100000",
    legacy_secret="canary-legacy-secret",
    management_token="canary-management-token",
)
PAGES = (
    "/", "/healthz", "/metrics", "/api/v1/cars", "/api/v1/cars/ada/why", "/api/v1/cars/ada/connect",
    "/api/v1/events?limit=1000", "/api/v1/commands", "/api/v1/openapi.json",
)  # fmt: skip
TROUBLES = (
    Fault(kind=FaultKind.ERROR, on=Target.READ, status=500, times=3),
    Fault(kind=FaultKind.CUT, on=Target.READ, times=3),
    Fault(kind=FaultKind.ERROR, on=Target.TOKEN, status=401, times=1),
    Fault(kind=FaultKind.ERROR, on=Target.COMMAND, code="REMOTE_ACCESS_DISABLED"),
    Fault(kind=FaultKind.ERROR, on=Target.COMMAND, status=504, acts=True),
)


def canaries(street: Street) -> dict[str, str]:
    """Return what nobody may read, by what it is."""
    car = street.world.car("ada")
    latitude, longitude = position(street.world.known("ada"))
    return {
        "client secret": CLIENT.secret,
        "legacy secret": CLIENT.legacy_secret,
        "management token": CLIENT.management_token,
        "v3 token": "sim.app.",
        "v2 token": "sim.grant.",
        "bearer": "Bearer ",
        "VIN": vin(car),
        "latitude": str(latitude),
        "longitude": str(longitude),
        "vehicle id": car.spec.vehicle_id,
        "user id": car.spec.user_id,
        "code": street.world.consents.grants["grant-0"].code,
        **({"refresh token": street.world.consents.newest_refresh()} if street.version == "v2" else {}),
    }


async def seen(street: Street) -> dict[str, str]:
    """Return everything that people, programs and the curious can see of the house."""
    house = street.house
    metrics = Metrics("1", house.clock, house.store, price_horizons_s=house.price_horizons_s)
    app = web_app(
        house.operations,
        prepaying=house.prepaying,
        health=HealthReport,
        metrics=metrics.render,
        allowed_hosts=frozenset({"house"}),
        doors=[*webhook(house.deliver), *connect(house.consents.begin, house.consents.end, house.consents.link)],
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://house") as browser:
        pages = {path: (await browser.get(path)).text for path in PAGES}
        pages["wrong name"] = (await browser.post("/api/v1/cars/nobody/start")).text
        pages["forged return"] = (await browser.get("/connect/callback?state=x&code=y&user_id=z")).text
        pages["forged delivery"] = (await browser.post("/webhooks/smartcar", content=b"{}")).text
    roster, findings = sealed_findings(street.drivers, Private(street.state / "private"), street.clock)
    lines = [finding.line for finding in (*findings, *car_findings(roster.seats, []))]
    return {**pages, "doctor": "\n".join(lines), "roster": repr(Roster(street.drivers).drivers[0].cars[0].preferences)}


@pytest.mark.parametrize("version", ["v3", "v2"])
def test_no_canary_sings_in_log_event_metric_page_doctor_or_file(tmp_path: Path, version: str) -> None:
    log = io.StringIO()

    async def story(street: Street) -> tuple[dict[str, str], dict[str, str]]:
        said = await consents(street)
        assert "connected" in said
        await street.hours(0.5)
        for trouble in TROUBLES:
            street.world.fault(trouble)
            await street.hours(1)
        street.world.revoke_tokens()
        await street.until(MORNING)
        street.world.disconnect("ada")
        await street.hours(26)
        words = canaries(street)
        found = await seen(street)
        (gone,) = await street.house.operations.disconnect("ada")
        return words, {**found, "disconnect": gone}

    street = Street(
        tmp_path, EVENING, (without_ids(resident("ada")),), (parked("ada", 40.0),),
        webhooks=version == "v3", version="v2" if version == "v2" else "v3", client=CLIENT, log=log,
    )  # fmt: skip
    words, told = street.live(story)

    told["log"] = log.getvalue()
    told |= {str(path): path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()}
    assert "vehicle.consent_lost" in told["log"]
    assert "vehicle.unreachable" in told["log"]
    assert any(path.endswith("smartcharge.db") for path in told)
    sung = [
        (where, what)
        for where, text in told.items()
        for what, canary in words.items()
        if canary in text or quote(canary, safe="") in text
    ]
    assert [] == sung


def test_the_canaries_are_alive(tmp_path: Path) -> None:
    """The same words are what Smartcar says: an empty cage would be silent, too."""

    async def story(street: Street) -> str:
        car = street.world.car("ada")
        async with httpx.AsyncClient(transport=SimulatorTransport(street.world), base_url="http://smartcar") as client:
            form = {"grant_type": "client_credentials", "client_id": CLIENT.id, "client_secret": CLIENT.secret}
            token = str((await client.post("/oauth2/token", data=form)).json()["access_token"])
            headers = {"Authorization": f"Bearer {token}", "sc-user-id": car.spec.user_id}
            signals = (await client.get(f"/v3/vehicles/{car.spec.vehicle_id}/signals", headers=headers)).text
        return token + signals

    street = Street(tmp_path, EVENING, (resident("ada"),), (parked("ada", 40.0),), client=CLIENT)
    said = street.live(story)

    assert all(word in said for word in ("sim.app.", '"SIM', "latitude"))
