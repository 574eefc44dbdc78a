"""A webhook as Smartcar's dashboard has it: where it leads, and whether it is switched on. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from scheduler.vehicles.smartcar.reply import at

DOOR = "/webhooks/smartcar"
"""Where the web room takes deliveries in."""


@dataclass(frozen=True, slots=True)
class DashboardWebhook:
    """
    `enabled` and `subscribes` (new cars at once) are None where the answer does not say. Whether it was verified Smartcar
    tells nobody. The address may hold a secret path, and is not printed.
    """

    id: str = field(repr=False)
    callback_uri: str = field(repr=False)
    enabled: bool | None = None
    subscribes: bool | None = None

    @property
    def leads_here(self) -> bool:
        """Whether it ends where our door for deliveries is."""
        return self.callback_uri.endswith(DOOR)


def webhooks_in(payload: object) -> list[DashboardWebhook]:
    """Return the webhooks of one page."""
    entries = at(payload, "data")
    return [_webhook(entry) for entry in (entries if isinstance(entries, list) else ())]


def _webhook(entry: object) -> DashboardWebhook:
    uri, enabled, subscribes = (at(entry, "attributes", key) for key in ("callbackUri", "isEnabled", "autoSubscribe"))
    name = at(entry, "id")
    return DashboardWebhook(
        name if isinstance(name, str) else "",
        uri if isinstance(uri, str) else "",
        enabled if isinstance(enabled, bool) else None,
        subscribes if isinstance(subscribes, bool) else None,
    )
