"""Who may pass, and at what price: tokens, users, consent, quotas, and the faults that wait at the gate."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

from starlette.requests import Request
from starlette.responses import Response

from scheduler.vehicles.simulator import bearer
from scheduler.vehicles.simulator.car import Car
from scheduler.vehicles.simulator.chronicle import UnknownCar
from scheduler.vehicles.simulator.consents import Grant
from scheduler.vehicles.simulator.fault import FaultKind
from scheduler.vehicles.simulator.refusal import Refused, refusal
from scheduler.vehicles.simulator.wire import Cut
from scheduler.vehicles.simulator.world import World


class Gate:
    """The gate of both faces. It raises `Refused` where somebody may not pass."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._answers = 0

    def request_id(self) -> str:
        """Return the id of one answer: the same for the same seed and the same number of answers before it."""
        self._answers += 1
        return str(uuid5(NAMESPACE_URL, f"simulated/{self._world.scenario.seed}/{self._answers}"))

    def application_token(self) -> str:
        """Return a v3 token: it speaks for the whole application."""
        return bearer.token(self._world.scenario.client.secret, self._application, self._world.now())

    def grant_token(self, grant: Grant) -> str:
        """Return a v2 token: it speaks for one grant."""
        subject = f"sim.grant.{self._world.token_epoch}.{grant.id}"
        return bearer.token(self._world.scenario.client.legacy_secret, subject, self._world.now())

    def authorise(self, request: Request) -> None:
        """Pass with a good v3 token only."""
        secret, now = self._world.scenario.client.secret, self._world.now()
        subject = bearer.subject_of(secret, _bearer(request), now, bearer.APPLICATION_LIFETIME_S)
        if subject != self._application:
            raise Refused(refusal("UNAUTHORIZED", "The access token is missing, wrong, expired or revoked."))

    def grant(self, request: Request) -> Grant:
        """Return the grant for which a good v2 token speaks."""
        secret, now = self._world.scenario.client.legacy_secret, self._world.now()
        subject = bearer.subject_of(secret, _bearer(request), now, bearer.GRANT_LIFETIME_S) or ""
        epoch, _, grant_id = subject.removeprefix("sim.grant.").partition(".")
        grant = self._world.consents.grants.get(grant_id)
        if grant is None or epoch != str(self._world.token_epoch):
            raise Refused(refusal("UNAUTHORIZED", "The access token is missing, wrong, expired or revoked."))
        return grant

    def car(self, request: Request) -> Car:
        """Return the car that the path names by its id at Smartcar."""
        wanted = request.path_params["vehicle_id"]
        try:
            car = self._world.car(wanted)
        except UnknownCar:
            raise Refused(refusal("VEHICLE_NOT_FOUND", "There is no such vehicle.")) from None
        if car.spec.vehicle_id != wanted:
            raise Refused(refusal("VEHICLE_NOT_FOUND", "There is no such vehicle."))
        return car

    def allowed_car(self, request: Request, permission: str | None = None) -> Car:
        """Return the car of a v3 path, if the token, the user and the driver's consent allow it."""
        self.authorise(request)
        user = request.headers.get("sc-user-id")
        if user is None and self._world.scenario.insists_on_user_id:
            raise Refused(refusal("MISSING_PARAMETER", "missing userId"))
        car = self.car(request)
        connection = self._world.consents.connections.get(car.spec.id)
        if connection is None or user not in (None, connection.user_id):
            raise Refused(refusal("VEHICLE_NOT_FOUND", "This user has connected no such vehicle."))
        if permission is not None and permission not in connection.permissions:
            raise Refused(refusal("PERMISSION", f"The driver has not granted {permission}."))
        return car

    def granted_car(self, request: Request, permission: str | None) -> Car:
        """Return the car of a v2 path, if the grant covers it."""
        grant = self.grant(request)
        car = self.car(request)
        if car.spec.id not in self._world.consents.cars(grant):
            raise Refused(refusal("VEHICLE_NOT_FOUND", "This grant covers no such vehicle."))
        if permission is not None and permission not in grant.permissions:
            raise Refused(refusal("PERMISSION", f"The driver has not granted {permission}."))
        return car

    def spend(self, car: Car | None, calls: int = 1) -> None:
        """Count *calls*, or refuse them."""
        refused = self._world.spend(car.spec.id if car else None, calls)
        if refused is not None:
            raise Refused(refused)

    async def read(self, car: Car | None, call: str = "read") -> Response | None:
        """Spend the time a read takes; return what to answer instead of an answer, or None where all is well."""
        fault = await self._world.read(car.spec.id if car else None, call)
        if fault is None:
            return None
        if fault.kind is FaultKind.CUT:
            return Cut()
        struck = fault.refusal()
        if struck is not None:
            raise Refused(struck)
        return None

    @property
    def _application(self) -> str:
        return f"sim.app.{self._world.token_epoch}"


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token if scheme.lower() == "bearer" else ""
