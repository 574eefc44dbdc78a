"""What the operator decides about Smartcar: hosts, credentials, patience. Filled by the settings room, read here."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr


def is_loopback(url: str) -> bool:
    """Whether *url* stays on this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _safe_origin(url: str) -> str:
    parts = urlsplit(url)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.path.strip("/")
        or parts.query
        or parts.username
    ):
        raise ValueError(
            "expected an origin such as https://host or http://127.0.0.1:8713, without path, query or user"
        )
    if parts.scheme == "http" and not is_loopback(url):
        raise ValueError("expected https://, since the token would travel in the open; http:// is for loopback only")
    return url.rstrip("/")


Origin = Annotated[str, AfterValidator(_safe_origin)]
"""Scheme, host and port, nothing else. `https` unless the host is this machine."""


class SmartcarSettings(BaseModel):
    """
    Where Smartcar is and who we are to it.

    The defaults are Smartcar's own hosts. `mode="simulated"` lists Smartcar's or our own simulator's cars instead of
    real ones. `client_id` and `client_secret` are the machine-to-machine pair of v3. `application_id` names us to
    Connect, by `connect_parameter`; with `legacy_secret` it is also the pair of v2. `management_token` signs webhooks.
    `consent_days` is how long a consent lasts where the table of makes does not know it; 0: nobody knows.
    A whole call takes at most its time-out and the one for connecting, once it is its turn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    application_id: str = ""
    legacy_secret: SecretStr = SecretStr("")
    management_token: SecretStr = SecretStr("")
    redirect_uri: str = ""
    connect_parameter: Literal["client_id", "application_id"] = "client_id"
    mode: Literal["live", "simulated"] = "live"
    version: Literal["v3", "v2"] = "v3"
    consent_days: int = Field(default=0, ge=0)

    iam_origin: Origin = "https://iam.smartcar.com"
    vehicle_origin: Origin = "https://vehicle.api.smartcar.com"
    management_origin: Origin = "https://management.api.smartcar.com"
    connect_origin: Origin = "https://connect.smartcar.com"
    auth_origin: Origin = "https://auth.smartcar.com"
    api_origin: Origin = "https://api.smartcar.com"

    connect_timeout_s: float = Field(default=10.0, gt=0)
    read_timeout_s: float = Field(default=60.0, gt=0)
    # Smartcar keeps a command's connection open for minutes; its own SDKs wait 310 s. Whoever hangs up earlier does not
    # learn whether the car acted.
    command_timeout_s: float = Field(default=310.0, ge=310.0)

    @classmethod
    def at(cls, origin: str, **more: object) -> SmartcarSettings:
        """Return settings with every host at *origin*, as a simulator serves them side by side."""
        hosts = ("iam", "vehicle", "management", "connect", "auth", "api")
        return cls.model_validate({**{f"{host}_origin": origin for host in hosts}, "mode": "simulated", **more})
