"""Bearer tokens that need no memory: what they say is signed, so they outlive a restart and a kill."""

from __future__ import annotations

import hmac
from datetime import datetime
from hashlib import sha256

APPLICATION_LIFETIME_S = 3600
"""Of a v3 token: facts/smartcar.md section 1.3."""
GRANT_LIFETIME_S = 7200
"""Of a v2 token: facts/smartcar.md section 1.5."""


def token(secret: str, subject: str, now: datetime) -> str:
    """Return a token that speaks for *subject*, issued now."""
    return _signed(secret, f"{subject}.{int(now.timestamp())}")


def subject_of(secret: str, text: str, now: datetime, lifetime_s: int) -> str | None:
    """Return whom *text* speaks for; None where it is no token of ours, or one that has expired."""
    claims, _, _ = text.rpartition(".")
    if not hmac.compare_digest(_signed(secret, claims).encode(), text.encode()):
        return None
    subject, _, issued_s = claims.rpartition(".")
    return subject if now.timestamp() < int(issued_s) + lifetime_s else None


def secret_text(secret: str, what: str) -> str:
    """Return a text nobody can guess and everybody who knows *secret* can repeat: the same world mints the same ones."""
    return hmac.new(secret.encode(), what.encode(), sha256).hexdigest()[:40]


def _signed(secret: str, claims: str) -> str:
    return f"{claims}.{hmac.new(secret.encode(), claims.encode(), sha256).hexdigest()[:32]}"
