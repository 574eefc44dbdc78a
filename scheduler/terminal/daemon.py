"""
The running daemon as another terminal sees it: found by its state directory, asked over its own local API.

Standard library only: a status command is done within 300 ms, of which Python itself takes a good part.
"""

from __future__ import annotations

import json
import os
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlencode, urlsplit

from scheduler.domain.errors import InvalidValue, SmartchargeError

PLACE = "daemon.json"
"""The file in the state directory in which the daemon says where it is: `{"pid": 4711, "url": "http://127.0.0.1:8712"}`."""

PATIENCE_S = 5.0
"""The daemon answers within milliseconds; a turn of its ring may hold it up for a moment."""


DISCONNECT_PATIENCE_S = 180.0
"""The daemon asks Smartcar meanwhile, which may take its time."""


class NoDaemon(SmartchargeError):
    """No daemon runs on this state directory, or none that answers."""


class RunningDaemon:
    """A daemon that was found alive. Every question is one request of its own."""

    def __init__(self, state_dir: Path, url: str) -> None:
        self._state_dir = state_dir
        self.url = url

    @classmethod
    def find(cls, state_dir: Path) -> RunningDaemon:
        """
        Return the daemon of *state_dir*; NoDaemon where there is none.

        The file outlives a killed daemon, and another daemon may listen on its port by then: so the process is asked for
        as well.
        """
        try:
            place = json.loads((state_dir / PLACE).read_text(encoding="utf-8"))
            pid, url = int(place["pid"]), str(place["url"])
        except PermissionError as error:
            raise NoDaemon(f"the file {state_dir / PLACE} may not be read by this user; ask as its owner") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _no_daemon(state_dir) from error
        if not _alive(pid):
            raise _no_daemon(state_dir)
        return cls(state_dir, url)

    def cars(self, name: str | None = None) -> dict[str, Any]:
        """Return every car, or those that *name* means, as `/api/v1/cars` tells them; InvalidValue for an unknown name."""
        return self._ask("GET", "/api/v1/cars" if name is None else f"/api/v1/cars/{_named(name)}")

    def why(self, name: str, at: str | None = None) -> dict[str, Any]:
        """Return why the cars that *name* means are charged as they are, or were *at* a past time."""
        return self._ask("GET", f"/api/v1/cars/{_named(name)}/why{_query(at=at)}")

    def estimate(
        self, name: str, to_pct: float, from_pct: float | None = None, power_kw: float | None = None
    ) -> dict[str, Any]:
        """Return how long the cars that *name* means take to charge."""
        query = _query(to_pct=to_pct, from_pct=from_pct, power_kw=power_kw)
        return self._ask("GET", f"/api/v1/cars/{_named(name)}/estimate{query}")

    def credit(
        self, name: str, add: str | None = None, reference: str = "", *, pay_out: bool = False
    ) -> dict[str, Any]:
        """Return a prepaid driver's credit, after *add* was added to it or it was paid out. InvalidValue in words."""
        path = f"/api/v1/drivers/{_named(name)}/credit"
        if pay_out:
            return self._ask("DELETE", path)
        query = _query(amount=add, reference=reference or None)
        return self._ask("GET", path) if add is None else self._ask("POST", path + query)

    def wish(self, name: str, verb: str) -> list[str]:
        """
        Wish `start`, `stop`, `hold` or `resume` for the cars that *name* means; return what that means, in sentences.

        InvalidValue for an unknown name, with a did-you-mean.
        """
        answer = self._ask("POST", f"/api/v1/cars/{_named(name)}/{quote(verb, safe='')}")
        return [str(sentence) for sentence in answer["sentences"]]

    def connect_link(self, name: str) -> dict[str, Any]:
        """Return the link by which a driver connects the cars that *name* means, and the daemon's time."""
        return self._ask("POST", f"/api/v1/cars/{_named(name)}/connect")

    def connect_answer(self, name: str) -> dict[str, Any]:
        """Return what came of the last way through Connect for *name*, and the daemon's time."""
        return self._ask("GET", f"/api/v1/cars/{_named(name)}/connect")

    def disconnect(self, name: str) -> list[str]:
        """End the consents of the cars that *name* means; return what came of it, in sentences."""
        answer = self._ask("POST", f"/api/v1/cars/{_named(name)}/disconnect", DISCONNECT_PATIENCE_S)
        return [str(sentence) for sentence in answer["sentences"]]

    def _ask(self, method: str, path: str, patience_s: float = PATIENCE_S) -> dict[str, Any]:
        address = urlsplit(self.url)
        connection = HTTPConnection(address.hostname or "127.0.0.1", address.port or 80, timeout=patience_s)
        try:
            connection.request(method, path, headers={"Accept": "application/json"})
            response = connection.getresponse()
            status, body = response.status, response.read()
        except ConnectionRefusedError as error:
            raise _no_daemon(self._state_dir) from error
        except (OSError, HTTPException) as error:
            raise NoDaemon(f"the daemon at {self.url} does not answer ({error}); its log says more") from error
        finally:
            connection.close()
        return self._read(status, body)

    def _read(self, status: int, body: bytes) -> dict[str, Any]:
        try:
            answer = json.loads(body)
            if status < 300:
                return cast("dict[str, Any]", answer)
            sentence = str(answer["error"]["message"])
        except (ValueError, KeyError, TypeError) as error:
            raise NoDaemon(f"what answers at {self.url} is not a smartcharge daemon (status {status})") from error
        raise InvalidValue(sentence) if status in (404, 422) else SmartchargeError(sentence)


def _named(name: str) -> str:
    """Return *name* as a step of a path. InvalidValue for one that can be none, and is nobody's."""
    if not name.strip() or "/" in name:
        raise InvalidValue(f"no driver and no car is called {name!r}")
    return quote(name, safe="")


def _query(**values: str | float | None) -> str:
    given = {name: value for name, value in values.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _no_daemon(state_dir: Path) -> NoDaemon:
    return NoDaemon(
        f"no smartcharge daemon runs on the state directory {state_dir}; start it with: smartcharge run --state {state_dir}"
    )


def _alive(pid: int) -> bool:
    """Whether a process of this number lives. One of another user's does."""
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return pid > 0
