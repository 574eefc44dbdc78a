"""Posts a notice to the address in a driver's file: as JSON, or as plain text for ntfy and its like."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import stamina

from scheduler.domain.driver import NoticeAddress
from scheduler.domain.errors import NoticeFailed
from scheduler.domain.notice import Notice

TIMEOUT_S = 10.0
TRIES = 3
"""An address that does not answer three times in a row is tried again later, by whoever has something to tell."""

MARK = "SIMULATED: "


class HttpNotifier:
    """
    The `Notifier` over HTTP. *secret* finds a token by its name; it goes along as a bearer's.

    Nothing of an address, a token or an answer is in any error: whoever knows the address can write to the driver. A
    redirect is not followed, since a token would go with it.
    """

    def __init__(
        self,
        secret: Callable[[str], str | None],
        transport: Callable[[], httpx.AsyncBaseTransport] | None = None,
    ) -> None:
        self._secret = secret
        self._client = httpx.AsyncClient(timeout=TIMEOUT_S, transport=transport() if transport else None)

    async def send(self, address: NoticeAddress, notice: Notice) -> None:
        """Return once the address has taken the notice; `NoticeFailed` where it did not within three tries."""
        headers = self._headers(address)
        try:
            async for attempt in stamina.retry_context(
                on=(httpx.TransportError, _Busy), attempts=TRIES, timeout=None, wait_initial=1.0, wait_jitter=0.0
            ):
                with attempt:
                    await self._post(address, notice, headers)
        except httpx.TransportError as error:
            raise NoticeFailed(f"no answer ({type(error).__name__})") from None
        except httpx.InvalidURL:
            raise NoticeFailed("it is no address that can be called") from None
        except _Busy as error:
            raise NoticeFailed(f"it answered {error.status}") from None

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _post(self, address: NoticeAddress, notice: Notice, headers: dict[str, str]) -> None:
        if address.plain:
            headers = headers | {"Content-Type": "text/plain; charset=utf-8"}
            answer = await self._client.post(address.url, content=_text(notice), headers=headers)
        else:
            answer = await self._client.post(address.url, json=_object(notice), headers=headers)
        if answer.status_code >= 500 or answer.status_code == 429:
            raise _Busy(answer.status_code)
        if not answer.is_success:
            raise NoticeFailed(f"it answered {answer.status_code}")

    def _headers(self, address: NoticeAddress) -> dict[str, str]:
        if not address.secret:
            return {}
        token = self._secret(address.secret)
        if not token:
            raise NoticeFailed(f'the secret "{address.secret}" is neither a credential nor in secrets_directory')
        return {"Authorization": f"Bearer {token}"}


class _Busy(Exception):
    """An answer that may be another one in a moment."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _text(notice: Notice) -> str:
    return f"{MARK if notice.simulated else ''}{'Over: ' if notice.over else ''}{notice.sentence}"


def _object(notice: Notice) -> dict[str, str | bool]:
    return {
        "driver": str(notice.driver_id),
        "car": str(notice.vehicle_id),
        "kind": notice.concern.value,
        "over": notice.over,
        "sentence": f"{MARK if notice.simulated else ''}{notice.sentence}",
        "at": notice.at.isoformat(),
        "simulated": notice.simulated,
    }
