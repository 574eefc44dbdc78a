"""Bodies of HTTP answers, bounded: whatever a server sends, packed or not, no more than `LARGEST_BODY` is held."""

from __future__ import annotations

import zlib

import httpx

from scheduler.domain.errors import PayloadInvalid
from scheduler.prices.feeds.payload import LARGEST_BODY


async def bounded(response: httpx.Response) -> bytes:
    """Return the body; refuse one beyond `LARGEST_BODY`, packed or unpacked, having read no more than that."""
    raw = bytearray()
    async for chunk in response.aiter_raw():
        raw += chunk
        if len(raw) > LARGEST_BODY:
            raise PayloadInvalid(f"the answer is larger than {LARGEST_BODY // 1024**2} MiB")
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding == "identity":
        return bytes(raw)
    if encoding != "gzip":
        raise PayloadInvalid(f"the answer is packed as {encoding[:20]!r}, expected gzip or nothing")
    return _unpacked(bytes(raw))


def _unpacked(raw: bytes) -> bytes:
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        body = unpacker.decompress(raw, LARGEST_BODY + 1)
    except zlib.error:
        raise PayloadInvalid("the answer says it is gzip and is not") from None
    if len(body) > LARGEST_BODY:
        raise PayloadInvalid(f"the answer unpacks to more than {LARGEST_BODY // 1024**2} MiB")
    if not unpacker.eof:
        raise PayloadInvalid("the gzip answer is cut off")
    return body
