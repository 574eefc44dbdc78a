"""A webhook as the dashboard has it, whatever of it the answer tells."""

from __future__ import annotations

import pytest

from scheduler.vehicles.smartcar.dashboard_webhook import webhooks_in

URI = "https://charge.example/webhooks/smartcar"


@pytest.mark.parametrize("payload", [None, {}, {"data": {}}, {"data": []}, []])
def test_a_page_without_webhooks_has_none(payload: object) -> None:
    assert [] == webhooks_in(payload)


def test_what_the_answer_does_not_say_is_not_known() -> None:
    entries = [
        {"id": "wh-1", "attributes": {"callbackUri": URI, "isEnabled": True, "autoSubscribe": False}},
        {"id": 7, "attributes": {"callbackUri": URI, "isEnabled": "yes"}},
        "nonsense",
    ]

    full, poor, none = webhooks_in({"data": entries})

    assert ("wh-1", True, False, True) == (full.id, full.enabled, full.subscribes, full.leads_here)
    assert ("", None, None, True) == (poor.id, poor.enabled, poor.subscribes, poor.leads_here)
    assert not none.leads_here


def test_neither_its_id_nor_its_address_is_printed() -> None:
    (webhook,) = webhooks_in({"data": [{"id": "wh-1", "attributes": {"callbackUri": URI}}]})

    assert "wh-1" not in repr(webhook)
    assert "charge.example" not in repr(webhook)
