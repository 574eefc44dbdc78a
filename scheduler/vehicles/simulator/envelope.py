"""What v3 answers share: resources of cars and connections, pages, forms. facts/smartcar.md section 3.1."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from scheduler.vehicles.simulator.car import Car
from scheduler.vehicles.simulator.refusal import Refused, refusal

_LARGEST_PAGE = 100


def what_it_is(car: Car) -> dict[str, Any]:
    """Return the attributes by which Smartcar describes a vehicle. Ours are simulated, and say so."""
    spec = car.spec
    return {
        "make": spec.make,
        "model": spec.model,
        "year": spec.year,
        "powertrainType": spec.powertrain,
        "mode": "simulated",
    }


def origin(request: Request) -> str:
    """Return where the simulator was asked, without a slash at its end."""
    return str(request.base_url).rstrip("/")


def own_link(request: Request) -> dict[str, str | None]:
    """Return the links of an answer that has no neighbours."""
    return {"self": str(request.url)}


def page(request: Request, items: Sequence[dict[str, Any]], size: int, **meta: Any) -> Response:
    """Answer with the page of *items* that the query asks for, *size* of them by default."""
    number, size = _wanted(request.query_params, "number", 1), _wanted(request.query_params, "size", size)
    shown = items[(number - 1) * size : number * size]
    about = {"pageNumber": number, "pageSize": size, "totalCount": len(items), **meta}
    return JSONResponse({"data": shown, "meta": about, "links": _links(request, number, size, len(items))})


async def fields(request: Request) -> dict[str, str] | None:
    """Return the fields of a form or of a JSON object; None where the body is neither."""
    body = await request.body()
    try:
        if request.headers.get("content-type", "").startswith("application/json"):
            sent = json.loads(body)
            return {key: str(value) for key, value in sent.items()} if isinstance(sent, dict) else None
        return dict(parse_qsl(body.decode()))
    except ValueError:
        return None


def _wanted(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(f"page[{name}]", str(default))
    most = _LARGEST_PAGE if name == "size" else 1_000_000
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise Refused(refusal("INVALID_INPUT_FORMAT", f"Expected page[{name}] to be a number from 1 to {most}."))
    return int(text)


def _links(request: Request, number: int, size: int, total: int) -> dict[str, str | None]:
    last = max((total + size - 1) // size, 1)
    kept = [(key, value) for key, value in request.query_params.items() if not key.startswith("page[")]

    def link(wanted: int) -> str | None:
        if not 1 <= wanted <= last:
            return None
        query = urlencode([*kept, ("page[number]", str(wanted)), ("page[size]", str(size))])
        return f"{str(request.url).partition('?')[0]}?{query}"

    around = {"first": link(1), "prev": link(number - 1), "next": link(number + 1), "last": link(last)}
    return {"self": str(request.url), **around}
