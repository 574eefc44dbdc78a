"""
A Smartcar that needs no account: its real paths on one origin, and cars with batteries behind them (docs/simulator.md).

It is a client's independent other side and shares no code with `scheduler.vehicles.smartcar`. Nothing is imported here; take
what you need from the module that has it:

    scenario.load_scenario(path) -> Scenario            config/simulator.yaml; ConfigError names what is wrong
    scenario.Scenario(seed=, cars=(CarSpec(...), ...))  the same in code, for tests
    world.World(scenario, clock, *, seed=None, state_dir=None)
        .now() .close()
        .truth(name) -> Truth                           soc_pct, plugged_in, charging, energy_kwh (at the plug), ...
        .car(name) -> Car                               .commands, .departures, .charging_intervals(now), .timeline
        .plug(name, power_kw=None, *, fast=False, at_home=True)   .unplug(name)   .start(name)   .stop(name)
        .drive(name, *, uses_pct=15, hours=1, distance_km=40, plugs_in=True)   .set_limit(name, percent)
        .connect(car_ids, user_id, permissions, redirect_uri) -> code   .disconnect(name)   .revoke_tokens()
        .make_webhook(WebhookSpec(...))   .subscribe(webhook_id, car_id)
        .fault(Fault(kind=, car=, on=, times=, for_s=, seconds=, status=, code=, retry_after_s=, acts=)) -> QueuedFault
        .faults (each with .fired)   .clear_faults()
    app.simulator_app(world, courier=None) -> ASGI      for httpx.ASGITransport or uvicorn; asyncio only, no threads
    app.SimulatorTransport(world, courier=None)         the same as an httpx transport that keeps read time-outs
    courier.Courier(world, httpx_client).run()          delivers webhooks until it is cancelled; .send(webhook_id, what, car)
    control.truth_of(car, now) -> dict                  what GET /simulator/cars shows of one car
    score.score(world, Judgement(prices=, windows=, since=)) -> dict
    process.run_simulator(scenario_path, state_dir, clock, announce, *, host="127.0.0.1", port=0, seed=None,
                          idle_exit_s=None)             blocks until SIGTERM or SIGINT; announce(url) once it listens
    process.serve(world, host, port, announce, *, address_file=None, idle_exit_s=None, stop=None)   the same, awaited
    address.running_simulator(state_dir) -> url | None  the simulator that lives in a state directory now

A car's *name* is its short id (`ada`) or its id at Smartcar (`sim-vehicle-ada`; its user is `sim-user-ada`). The clock is any
`ports.Clock`; one that a test steps should not be the world's own. Cars are `mode: simulated`, so `GET /v3/connections` lists
them only with `filter[vehicle.mode]=simulated`, as at Smartcar. Every answer carries `X-Simulated: true`.
"""
