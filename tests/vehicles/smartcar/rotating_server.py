"""v2's token endpoint as harsh as it may be: a refreshed token dies after its grace, and a newer pair kills the older ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import httpx


class RotatingServer:
    """
    One consent. `next_ends` are what happens to the coming calls: `ok`, `cut_before`, `cut_after`, `late_after`, `error`.

    `lost` is True once a caller came with a refresh token that is dead: a real driver would have to connect again.
    """

    def __init__(self, now_s: Callable[[], float], grace_s: float = 60.0, next_ends: list[str] | None = None) -> None:
        self._now_s, self._grace_s = now_s, grace_s
        self.next_ends = next_ends or []
        self.minted = 0
        self.refreshes = 0
        self.lost = False
        self.access = ""
        self.basic: set[str] = set()
        self._refresh = ""
        self._dying: dict[str, float] = {}

    def answer(self, form: dict[str, str], authorization: str) -> tuple[int, dict[str, Any]]:
        """Return status and body of one call to the token endpoint."""
        self.basic.add(authorization)
        end = self.next_ends.pop(0) if self.next_ends else "ok"
        if end == "cut_before":
            raise httpx.ReadError("cut")
        if end == "error":
            return 503, {"error": "Service Unavailable"}
        given = form.get("refresh_token") or form.get("code", "")
        if not self._is_good(given):
            self.lost = True
            return 400, {"error": "invalid_request", "error_description": "Invalid refresh_token: it is unknown."}
        self._mint(given)
        if end == "cut_after":
            raise httpx.RemoteProtocolError("cut")
        if end == "late_after":
            raise httpx.ReadTimeout("late")
        return 200, {
            "access_token": self.access,
            "refresh_token": self._refresh,
            "token_type": "Bearer",
            "expires_in": 7200,
        }

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = (await receive()).get("body", b"")
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        authorization = dict(scope["headers"]).get(b"authorization", b"").decode()
        status, answer = self.answer(form, authorization)
        response = httpx.Response(status, json=answer)
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(response.content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": response.content})

    def _is_good(self, given: str) -> bool:
        if given in ("canary-code", self._refresh) and given:
            return True
        return self._dying.get(given, -1.0) >= self._now_s()

    def _mint(self, given: str) -> None:
        self.minted += 1
        self.refreshes += given != "canary-code"
        # Of two pairs minted from one token the older dies at once: nobody has documented that it lives.
        self._dying = {given: self._dying.get(given, self._now_s() + self._grace_s)}
        self.access, self._refresh = f"canary-access-{self.minted}", f"canary-refresh-{self.minted}"
