"""Webhooks and the cars subscribed to them: what is set up, and how far each has been told. facts/smartcar.md section 6.1."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from scheduler.vehicles.simulator.journal import Entry
from scheduler.vehicles.simulator.scenario import WebhookSpec


@dataclass(slots=True)
class Subscription:
    """One car on one webhook. `told_at` is the report that was delivered, or given up, last; None before the first."""

    webhook_id: str
    car_id: str
    told_at: datetime | None = None

    @property
    def id(self) -> str:
        return f"sim-subscription-{self.webhook_id}-{self.car_id}"


@dataclass(slots=True)
class Webhook:
    """A webhook. Until its address has answered the challenge (`verified`) it is not enabled, and nothing is watched."""

    spec: WebhookSpec
    verified: bool = False


class Webhooks:
    """The webhooks of a world. What changes them is in the journal."""

    def __init__(self) -> None:
        self.webhooks: dict[str, Webhook] = {}
        self.subscriptions: dict[tuple[str, str], Subscription] = {}

    def watches(self, car_id: str) -> bool:
        """Whether a car is subscribed to a webhook that is enabled."""
        return any(
            each.car_id == car_id and self.webhooks[each.webhook_id].verified for each in self.subscriptions.values()
        )

    def ever_watched(self, car_id: str) -> datetime | None:
        """Return the last report of a car that a webhook was told; None where there was none."""
        told = [each.told_at for each in self.subscriptions.values() if each.car_id == car_id and each.told_at]
        return max(told, default=None)

    def apply(self, entry: Entry) -> None:
        """Let one entry of the journal take effect."""
        webhook_id = entry["webhook"]
        match entry["act"]:
            case "made":
                self.webhooks[webhook_id] = Webhook(WebhookSpec.model_validate(entry["spec"]))
            case "removed":
                self.webhooks.pop(webhook_id, None)
                self.subscriptions = {key: each for key, each in self.subscriptions.items() if key[0] != webhook_id}
            case "verified":
                self.webhooks[webhook_id].verified = True
            case "disabled":
                self.webhooks[webhook_id].verified = False
                for each in self.subscriptions.values():
                    each.told_at = None if each.webhook_id == webhook_id else each.told_at
            case "subscribed":
                key = (webhook_id, entry["car"])
                self.subscriptions[key] = Subscription(*key)
            case "unsubscribed":
                self.subscriptions.pop((webhook_id, entry["car"]), None)
            case "told":
                subscription = self.subscriptions.get((webhook_id, entry["car"]))
                if subscription is not None:
                    subscription.told_at = datetime.fromisoformat(entry["reported_at"])
