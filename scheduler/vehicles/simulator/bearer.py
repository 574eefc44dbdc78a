"""Bearer tokens that need no memory: what they say is signed, so they outlive a restart and a kill."""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256

LIFETIME_S = 3600
"""Of a v3 token: facts/smartcar.md section 1.3."""


def token(secret: str, epoch: int, now: datetime) -> str:
    """Return a token of the application, good for an hour, until *epoch* moves on (a revocation)."""
    return _signed(secret, f"sim.{epoch}.{int(now.timestamp())}")


def is_good(secret: str, epoch: int, text: str, now: datetime) -> bool:
    """Whether *text* is a token of ours that has neither expired nor been revoked."""
    claims, _, _ = text.rpartition(".")
    if not hmac.compare_digest(_signed(secret, claims).encode(), text.encode()):
        return False
    _, said_epoch, issued_s = claims.split(".")
    return int(said_epoch) == epoch and now.timestamp() < int(issued_s) + LIFETIME_S


def _signed(secret: str, claims: str) -> str:
    return f"{claims}.{hmac.new(secret.encode(), claims.encode(), sha256).hexdigest()[:32]}"
