"""
What the operator sees: the log, the journal of events, metrics, and systemd's watchdog.

    logs.configure_logs(*, stream: TextIO | None = None, human: bool | None = None, level: str = "info",
                        secrets: Iterable[str] = ()) -> None
    logs.event_line(event: Event) -> str                         one event as a person reads it, without its time
    redaction.REDACTION.learn(secrets: Iterable[str]) -> None    mask these from now on, in the log and in events

    journal.LedgerJournal(clock: Clock, ledger: Ledger)          the `Journal` port
        .note(name, vehicle_id=None, **facts)                    InvalidValue for a name that is not in the catalogue
        .listen(listener: Callable[[Event], None]) -> Callable[[], None]     follow live; the answer ends it

    metrics.Metrics(version: str, clock: Clock, store: Store, *, sweep_age_s: Callable[[], float] | None = None,
                    price_horizons_s: Callable[[], Mapping[str, float]] | None = None)
        .render() -> tuple[bytes, str]                           the exposition and its content type

    systemd.Systemd(environment: Mapping[str, str] = os.environ)
        .ready(status="")  .status(text)  .alive()  .stopping()  .ping_every_s  .watchdog_s

A server that brings its own logging must be told not to (uvicorn: `log_config=None`), so that its lines come here.
"""
