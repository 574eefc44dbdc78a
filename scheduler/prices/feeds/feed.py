"""
What a price feed is to the rest of the room: settings, the requests it wants, and a pure parser.

The parser gets bytes and returns a reading, or raises a `FeedError`. It does no I/O and reads no clock. Everything that is
HTTP happens in `fetch.py`, the same for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import urljoin, urlsplit

from pydantic import field_validator, model_validator

from scheduler.document import Section
from scheduler.domain.errors import PayloadInvalid
from scheduler.domain.interval import Interval
from scheduler.prices.plan import PollPlan
from scheduler.prices.reading import Reading


@dataclass(frozen=True, slots=True)
class Login:
    """
    A token that is had for a secret, for about half an hour.

    With a `query` (GraphQL) the secret is its variable `key`; without one, `user:password` of a Basic login. `token` is the
    way to the token in the answer.
    """

    url: str
    token: tuple[str, ...]
    query: str = ""


@dataclass(frozen=True, slots=True)
class Secret:
    """
    Where a secret goes in a request: the value itself is put in at the very end, in `fetch.py`.

    `name` is what the operator calls it. One of `header` and `param` says where it goes; `prefix` comes before it
    ("Bearer "). With `login`, what goes there is the token that the secret is exchanged for.
    """

    name: str
    header: str = ""
    param: str = ""
    prefix: str = ""
    login: Login | None = None


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """
    One HTTP request of a feed, or one file to read (`path`). Without secrets, so that it may be shown.

    `body` makes it a POST of JSON. `part` tells the parser which of several answers it holds.
    """

    url: str = ""
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    secret: Secret | None = None
    part: str = ""
    path: Path | None = None

    @property
    def host(self) -> str:
        """The host that is asked, with its port; empty for a file."""
        return urlsplit(self.url).netloc.rpartition("@")[2]

    def following(self, page: str) -> FeedRequest:
        """
        Return the request for the next page of a long answer.

        A page on another host is refused: a secret for this one must not go there.
        """
        here = urlsplit(self.url)
        try:
            there = urlsplit(page)
        except ValueError:
            raise PayloadInvalid(f"the address of the next page of {here.netloc} is none") from None
        if there.netloc not in {"", here.netloc} or there.scheme not in {"", here.scheme}:
            raise PayloadInvalid(f"the next page lies on another host than {here.netloc}, expected the same")
        return replace(self, url=urljoin(self.url, page), params={})


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer answers, where a parser needs it. A recorded payload was asked for nothing: the defaults."""

    window: Interval | None = None
    now: datetime | None = None
    part: str = ""


def web_address(text: str) -> str:
    """Return *text* if it is an address that can be asked; ValueError that says what is wrong with it otherwise."""
    try:
        parts = urlsplit(text)
        asked = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        asked = False
    if not asked or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("expected a web address, such as https://prices.example/api")
    if parts.username is not None or parts.password is not None:
        raise ValueError("expected a web address without user and password: secrets have a place of their own")
    return text


class Feed(Section):
    """
    One kind of price feed with its settings, as a tariff file names it. `kind` chooses it.

    `zone_key` is the setting that `--zone` means. `not_published` are the statuses that mean "nothing yet"; of those in
    `spoken` the body says what is the matter. `stand_ins` are settings of which a recorded payload needs no value.
    `varies` is False where all prices may be the same without being nonsense. `money` is False for carbon. One that
    speaks of a car that is charged is `for_plugged_in` cars: while there is none it is asked once an hour.
    """

    zone_key: ClassVar[str] = "zone"
    not_published: ClassVar[frozenset[int]] = frozenset({204})
    spoken: ClassVar[frozenset[int]] = frozenset()
    stand_ins: ClassVar[Mapping[str, object]] = {}
    varies: ClassVar[bool] = True
    money: ClassVar[bool] = True
    for_plugged_in: ClassVar[bool] = False

    @field_validator("url", "base_url", mode="after", check_fields=False)
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        return web_address(value) if value else value

    @property
    def label(self) -> str:
        """A short name for the log and the page: the kind, and the zone where it names a market."""
        kind, zone = str(getattr(self, "kind", "")), getattr(self, self.zone_key, None)
        return f"{kind} {zone}" if isinstance(zone, str) else kind

    @property
    def local(self) -> bool:
        """Whether the answers come from this machine: then they are read again on every start, and need no archive."""
        return False

    @property
    def plan(self) -> PollPlan:
        """When to look."""
        raise NotImplementedError

    def requests(self, window: Interval) -> Sequence[FeedRequest]:
        """Return what to ask for the prices of *window*; nothing where the settings themselves know."""
        raise NotImplementedError

    def parse(self, payload: bytes, asked: Asked) -> Reading:
        """Return what one answer says, from its bytes alone; raise `FeedError` where it is wrong."""
        raise NotImplementedError

    def beside(self, folder: Path) -> Self:
        """Return the feed with the files it names found from *folder*."""
        return self


class LocatedFeed(Feed):
    """A feed of the driver's own: a table or document at `url`, or in `file` (relative to the file that names it)."""

    url: str | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.url is None) == (self.file is None):
            raise ValueError("expected one of url and file")
        return self

    def beside(self, folder: Path) -> Self:
        return self if self.file is None else self.model_copy(update={"file": folder / self.file})

    @property
    def local(self) -> bool:
        return self.file is not None

    def requests(self, window: Interval) -> Sequence[FeedRequest]:
        return [FeedRequest(url=self.url or "", path=self.file)]
