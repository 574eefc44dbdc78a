"""
The Smartcar client: v3 first, v2.0 as a thin face. Everything that thinks is pure; the wire is one file.

    account          SmartcarAccount(settings, clock, store, journal, drivers, private, transport, changed): all of the below
                       .gateway  .roster  .connecting  .book     async open()   async examine()   async aclose()
    settings         SmartcarSettings(client_id=..., client_secret=..., iam_origin=..., ...);  SmartcarSettings.at(origin, ...)
    gateway          SmartcarGateway(settings, clock, transport: Callable[[], httpx.AsyncBaseTransport] | None = None)
                       async state(vehicle) -> VehicleState        async start(vehicle)        async stop(vehicle)
                       async set_limit(vehicle, limit_pct: int)    async disconnect(vehicle)   async aclose()
                       async connections(vehicle=None, user_id=None) -> list[Connection]    async webhooks()
                       async connected(answer, grant) -> list[Connection]    async subscribe(connection)
    consented        Consented(gateway, book): a VehicleGateway that minds consents, and tells once what becomes of them
    signals          vehicle_state(payload, vehicle_id, now) -> VehicleState; state_of(signals, vehicle_id); NothingReported
    connections      Connection(id, vehicle_id, user_id, make, model, year, mode, powertrain, permissions, created_at)
    faults           fault_in(reply, ask, ids) -> VehicleError | None; CredentialsRefused, ServerFailed
    complaints       complaint_in(reply, ids) -> Complaint | None, from every error shape
    tokens           ApplicationToken: single flight, renewed early, once after a 401
    channel          Channels, Channel: one client a host, 20 connections, what a broken call means
    reply            Reply: one answer, read to its end

    consent          connect_url(settings, state, *, scopes, make, again) -> str
                     new_state(key, subject, cookie, now) -> str;  subject_of(key, state, cookie, now, spent) -> str
                     redirect_in(query) -> Connected | Declined
    connecting       Connecting: the house's ConsentDesk; link, begin, end, returned, disconnect
    matching         matched(connections, asked, every) -> which of a driver's cars it is
    consent_book     ConsentBook(files, clock, journal, lasts): give, end, lose, find, listed; identified(drivers) -> Roster
    dashboard_webhook  DashboardWebhook(id, callback_uri, enabled, subscribes)
    webhook          signature_is_valid(token, body, signature) -> bool;  challenge_answer(token, challenge) -> str
                     delivery_in(body, now) -> Challenge | VehicleReport | VehicleTrouble | ChargingEvent | OtherDelivery
    deliveries       unseen(reports, seen) -> list;  overlaid(known, report) -> dict;  state_known(known, vehicle_id)
    memory           Memory(store): looked(vehicle_id, signals) -> VehicleState, told(vehicle_id, report, at)
    reception        Reception(key, clock, store, consents, cars, nudge).receive(body, signature) -> Answer(status, body)
    vault            vault_from(path) -> Vault;  Vault.seal(plain, row), .open(sealed, row), .resealed(sealed, row)
                     new_key_line(key_id) -> str
    key_file         KeyFile(private, credential).vault() -> Vault;  .rotate(reseal) -> int
    sealed_directory SealedDirectory(directory, vault, kind): names, read, write, forget, reseal

    legacy           LegacyGateway(settings, clock, store: GrantStore, grant_of: Callable[[Vehicle], GrantId], transport=None)
                       as SmartcarGateway, with async vehicles(grant_id) -> list[str] for connections, and async limit(vehicle)
                       .grants is its GrantKeeper
    grants           GrantKeeper: async redeem(grant_id, code), async access_token(grant_id), forget(grant_id);  GrantStore
    grant_directory  GrantDirectory(directory, vault, clock): a GrantStore of sealed files;  async reseal() -> int
    batch            state_in_batch(payload, vehicle_id, now, ids) -> VehicleState

Every error a gateway raises is a `VehicleError` and holds no token, no id, no address. A limit that no car
takes (below 50 %) is refused before it is sent, as `InvalidValue`.
"""
