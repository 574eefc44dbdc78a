"""
The Smartcar client: v3 first. Everything that thinks is pure; the wire is one file.

    settings      SmartcarSettings(client_id=..., client_secret=..., iam_origin=..., ...);  SmartcarSettings.at(origin, ...)
    gateway       SmartcarGateway(settings, clock, transport: Callable[[], httpx.AsyncBaseTransport] | None = None)
                    async state(vehicle) -> VehicleState         async start(vehicle)        async stop(vehicle)
                    async set_limit(vehicle, limit_pct: int)     async connections() -> list[Connection]
                    async aclose()
    signals       vehicle_state(payload, vehicle_id, now) -> VehicleState; NothingReported
    connections   Connection; connections_in(payload) -> list[Connection]
    faults        fault_in(reply, ask, ids) -> VehicleError | None; CredentialsRefused, ServerFailed
    complaints    complaint_in(reply, ids) -> Complaint | None, from every error shape
    tokens        ApplicationToken: single flight, renewed early, once after a 401
    channel       Channels, Channel: one client a host, 20 connections, what a broken call means; NotSent, Dropped
    reply         Reply: one answer, read to its end

Every error raised is a `VehicleError` and holds no token, no id, no address.
"""
