"""
The prices room: from raw payloads to what a driver pays.

    payload -> feeds/*.parse -> Reading -> OriginState (energy) -> compose: retail, fallback, carbon -> TariffCurve

What the other rooms call, all through `app.py` and `cli.py`:

Tariffs, from their files (a wrong file is a `ConfigError` that names every problem)::

    tariffs = prices.tariff.load_tariffs(sorted(Path("config/tariffs").glob("*.yaml")))  # dict[TariffId, Tariff]
    prices.tariff.TariffSettings  # the model, for check and schema

The refresher is the `PriceBook`; `ledger` needs save_curve, curve and save_payload::

    fetcher = prices.feeds.fetch.Fetcher(clock, secrets, transport=None, seed=machine_id)
        # secrets: Callable[[str], str | None], a secret by its name ("entsoe_token"); transport: host -> httpx transport
    book = prices.refresh.PriceRefresher(tariffs.values(), fetcher, ledger, journal, clock, seed=machine_id)
    changed = await book.refresh(clock.now())      # set[TariffId]: replan the cars on these; call it once at start-up
    clock.sleep until book.next_poll(clock.now())  # the wake-up of the price job; calling `refresh` more often is harmless
    book.curve(tariff_id); book.standing(tariff_id)
    await book.close()

`smartcharge prices --feed KIND [--zone Z] [--set k=v ...] --from-file F ... --json`::

    reading = prices.catalogue.read_files(kind, zone, {"k": "v"}, [payload, ...])  # ConfigError: exit 78
    json.dumps(prices.reading.reading_document(reading))
    reading.state is ReadingState.ERROR  # then exit 65, with reading.message on standard error

The chart of a tariff in a terminal::

    terminal.chart.price_chart(curve, windows, now, timezone, width)  # list of lines
    terminal.chart.cheapest_hours(curve, now, timezone, count=4)  # one sentence, None where too little is known

`smartcharge demo`: how ordinary the shipped price days are::

    prices.feeds.replay.shipped_days(
        Path("config/prices/de-lu-example-days.csv").read_bytes()
    )  # tuple[ShippedDay, ...]
    prices.feeds.replay.laid_day(date, [day.day for day in shipped])  # which of them lies over a date
"""
