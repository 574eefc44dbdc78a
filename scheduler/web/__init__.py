"""
What a browser sees: the page, the JSON API, health and metrics.

    web_app(operations, *, health, metrics, allowed_hosts) -> FastAPI                      scheduler.web.app
        health:        Callable[[], HealthReport]
        metrics:       Callable[[], tuple[bytes, str]]      the exposition and its content type
        allowed_hosts: frozenset[str]                       names without a port: {"127.0.0.1", "localhost", "::1"}
        public_hosts: frozenset[str] = frozenset()          names from outside, which lead to the doors only
        doors:        Sequence[Route] = ()                  webhook(receive) of scheduler.web.webhook
    HealthReport(reasons: tuple[str, ...] = (), facts: Mapping[str, Fact] = {})            scheduler.web.health
        .well -> bool                                       no reasons
    WebServer(app, host, port)                                                             scheduler.web.server
        async start()                                       AlreadyRunning for a busy port, ConfigError for an impossible one
        port -> int                                         the one listened on, also after port 0
        url -> str                                          "http://127.0.0.1:8712/", brackets round an IPv6 address
        async stop()                                        within 2 s, whatever connections are open

Everything runs on the daemon's loop; nothing here takes a thread, a signal or a clock.
"""
