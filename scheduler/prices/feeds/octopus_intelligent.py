"""
Intelligent Octopus (Great Britain): the household's rates as the contract says them, made cheap by planned dispatches.

The supplier charges the smart-charged car and moves its dispatches until the last minute; while one runs, the whole house has
the off-peak rate. So a dispatch is a signal that something *else* may charge cheaply now (a second car): it is followed, never
fought, and it is never firm. The car that Octopus controls should be on hold here (facts/feeds.md 2.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from scheduler.domain.errors import FeedRejected, FeedUnavailable
from scheduler.domain.interval import Interval, merged
from scheduler.domain.tariff import PriceSlot
from scheduler.prices.feeds.feed import Asked, Feed, FeedRequest, Login, Secret
from scheduler.prices.feeds.payload import Moment, Wire, checked, json_value
from scheduler.prices.overlay import overlaid
from scheduler.prices.plan import PollPlan
from scheduler.prices.public_holidays import Calendar
from scheduler.prices.reading import Reading
from scheduler.prices.schedule import Schedule

LONDON = ZoneInfo("Europe/London")
_LIMITED = frozenset({"KT-CT-1199", "KT-CT-1188", "KT-CT-1189"})
_TOKEN = frozenset({"KT-CT-1139", "KT-CT-1111", "KT-CT-1143", "KT-CT-1134", "KT-CT-1135", "KT-CT-1124", "OE-0103"})
_LOGIN = "mutation($key: String!) { obtainKrakenToken(input: {APIKey: $key}) { token } }"
_QUERY = "query($device: String!) { flexPlannedDispatches(deviceId: $device) { start end type energyAddedKwh } }"


class _Dispatch(Wire):
    start: Moment
    end: Moment


class _Dispatches(Wire):
    flexPlannedDispatches: list[_Dispatch] | None = None  # noqa: N815 - the wire's name


class OctopusIntelligent(Feed):
    """
    `energy` is the household's price by the clock, pounds per kWh with VAT; `dispatched` the price while a dispatch runs.

    `device` is the id of the smart-charged device; the API key is the operator's secret `octopus_api_key`.
    """

    zone_key: ClassVar[str] = "device"
    currency: ClassVar[str] = "GBP"
    varies: ClassVar[bool] = False
    for_plugged_in: ClassVar[bool] = True
    stand_ins: ClassVar[Mapping[str, object]] = {
        "device": "recorded",
        "dispatched": "0.07",
        "energy": {"default": 0.27},
    }

    kind: Literal["octopus_intelligent"] = "octopus_intelligent"
    device: str = Field(min_length=1)
    energy: Schedule
    dispatched: float
    base_url: str = "https://api.octopus.energy/v1/graphql/"

    @property
    def label(self) -> str:
        return "octopus_intelligent"

    @property
    def plan(self) -> PollPlan:
        return PollPlan(LONDON, every=timedelta(minutes=5))

    def requests(self, window: Interval) -> list[FeedRequest]:
        """Return the one request for the planned dispatches."""
        login = Login(self.base_url, ("data", "obtainKrakenToken", "token"), _LOGIN)
        secret = Secret("octopus_api_key", header="Authorization", login=login)
        return [FeedRequest(self.base_url, body={"query": _QUERY, "variables": {"device": self.device}}, secret=secret)]

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return the household's rates with the planned dispatches in them; in a recorded payload, these alone."""
        content = json_value(payload, self.kind)
        _refuse_errors(content)
        data = content.get("data") if isinstance(content, dict) else None
        planned = checked(data, _Dispatches, self.kind).flexPlannedDispatches
        if planned is None:
            raise FeedUnavailable("octopus_intelligent: the dispatches are not known at the moment")
        runs = merged(Interval(one.start, one.end) for one in planned)
        slots = tuple(PriceSlot(run.start, run.end, float(Decimal(str(self.dispatched))), firm=False) for run in runs)
        if asked.window is not None:
            slots = overlaid(tuple(self.energy.slots(asked.window, LONDON, Calendar())), slots)
        return Reading("GBP", slots, source="Intelligent Octopus: the contract's rates and planned dispatches")


def _refuse_errors(content: object) -> None:
    """Raise for Kraken's errors, which come with status 200 and a code."""
    errors = content.get("errors") if isinstance(content, dict) else None
    if not isinstance(errors, list) or not errors:
        return
    first = errors[0] if isinstance(errors[0], dict) else {}
    extensions = first.get("extensions")
    code = str(extensions.get("errorCode", "") if isinstance(extensions, dict) else "")[:20]
    if code in _LIMITED:
        raise FeedUnavailable(f"octopus_intelligent: too many or too large requests ({code})", timedelta(hours=1))
    if code in _TOKEN:
        raise FeedRejected(f"octopus_intelligent: the API key is not accepted ({code})")
    raise FeedUnavailable(f"octopus_intelligent: {str(first.get('message', 'an error'))[:100]} ({code or 'no code'})")
