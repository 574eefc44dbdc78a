"""What every other side must make true through our gateway: hand-written, simulated in process, simulated over a socket."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scheduler.domain.errors import ConsentLost, OutcomeUnknown, VehicleError, VehicleRefused
from scheduler.vehicles.smartcar.gateway import SmartcarGateway
from scheduler.vehicles.smartcar.legacy import LegacyGateway
from tests.vehicles.contract.worlds import (
    MakeOtherSide,
    OtherSide,
    by_the_old_version,
    hand_written,
    in_process,
    over_a_socket,
    run,
)

everywhere = pytest.mark.parametrize(
    "make", [hand_written, in_process, by_the_old_version, pytest.param(over_a_socket, marks=pytest.mark.live)]
)


@everywhere
def test_a_resting_car_is_seen_as_it_is(make: MakeOtherSide) -> None:
    async def story(other: OtherSide) -> None:
        await other.settle()

        state = await other.gateway.state(other.vehicle)

        assert (True, False, 40.0, other.vehicle.id) == (
            state.plugged_in,
            state.charging,
            state.soc_pct,
            state.vehicle_id,
        )
        assert state.seen_at <= other.clock.now()

    run(make, story)


@everywhere
def test_a_start_and_a_stop_act_and_are_seen(make: MakeOtherSide) -> None:
    async def story(other: OtherSide) -> None:
        await other.gateway.start(other.vehicle)
        await other.settle()
        started = await other.gateway.state(other.vehicle)

        assert other.charging()
        assert (True, True) == (started.plugged_in, started.charging)

        await other.gateway.stop(other.vehicle)
        await other.settle()
        stopped = await other.gateway.state(other.vehicle)

        assert not other.charging()
        assert (True, False) == (stopped.plugged_in, stopped.charging)

    run(make, story)


@everywhere
def test_what_is_so_already_is_a_success(make: MakeOtherSide) -> None:
    async def story(other: OtherSide) -> None:
        await other.gateway.stop(other.vehicle)
        await other.gateway.start(other.vehicle)
        await other.settle()
        await other.gateway.start(other.vehicle)

        assert other.charging()

        other.unplug()
        await other.gateway.stop(other.vehicle)

    run(make, story)


@everywhere
def test_a_car_without_a_cable_refuses_to_start_and_starts_once_it_has_one(make: MakeOtherSide) -> None:
    async def story(other: OtherSide) -> None:
        other.unplug()
        await other.settle()

        with pytest.raises(VehicleRefused) as refused:
            await other.gateway.start(other.vehicle)

        assert "CHARGING_PLUG_NOT_CONNECTED" == refused.value.code
        assert (await other.gateway.state(other.vehicle)).plugged_in is False

        other.plug()
        await other.gateway.start(other.vehicle)
        assert other.charging()

    run(make, story)


@everywhere
def test_a_limit_is_set_and_seen(make: MakeOtherSide) -> None:
    async def story(other: OtherSide) -> None:
        await other.gateway.set_limit(other.vehicle, 80)
        await other.settle()

        assert 80.0 == other.limit_set_pct()
        if isinstance(other.gateway, LegacyGateway):
            assert 80.0 == await other.gateway.limit(other.vehicle)
        else:
            assert 80.0 == (await other.gateway.state(other.vehicle)).limit_pct

    run(make, story)


@pytest.mark.parametrize("make", [hand_written, in_process, pytest.param(over_a_socket, marks=pytest.mark.live)])
def test_the_car_is_among_the_connections(make: MakeOtherSide) -> None:
    async def story(other: OtherSide) -> None:
        assert isinstance(other.gateway, SmartcarGateway)
        (connection,) = await other.gateway.connections()

        assert (other.vehicle.smartcar_vehicle_id, other.vehicle.smartcar_user_id, "VOLKSWAGEN", "simulated") == (
            connection.vehicle_id,
            connection.user_id,
            connection.make,
            connection.mode,
        )

    run(make, story)


@everywhere
def test_a_revoked_token_is_replaced_without_anybody_noticing(make: MakeOtherSide) -> None:
    async def story(other: OtherSide) -> None:
        await other.gateway.state(other.vehicle)
        other.revoke_tokens()
        await other.gateway.start(other.vehicle)

        assert other.charging()

    run(make, story)


@everywhere
@pytest.mark.parametrize("acts", [True, False])
def test_a_command_cut_off_is_unknown_and_a_look_tells(make: MakeOtherSide, acts: bool) -> None:
    async def story(other: OtherSide) -> None:
        other.go_wrong("cut", acts=acts)

        with pytest.raises(OutcomeUnknown):
            await other.gateway.start(other.vehicle)
        await other.settle()

        assert acts == (await other.gateway.state(other.vehicle)).charging == other.charging()

    run(make, story)


@everywhere
@pytest.mark.parametrize("acts", [True, False])
def test_a_command_that_ends_in_504_is_unknown_and_a_look_tells(make: MakeOtherSide, acts: bool) -> None:
    async def story(other: OtherSide) -> None:
        other.go_wrong("error", status=504, acts=acts)

        with pytest.raises(OutcomeUnknown):
            await other.gateway.start(other.vehicle)
        await other.settle()

        assert acts == (await other.gateway.state(other.vehicle)).charging == other.charging()

    run(make, story)


@everywhere
def test_a_late_success_is_a_success(make: MakeOtherSide) -> None:
    async def story(other: OtherSide) -> None:
        other.go_wrong("streamed", seconds=200)

        await other.gateway.start(other.vehicle)
        await other.settle()

        assert other.charging()

    run(make, story)


@everywhere
def test_a_late_refusal_is_a_refusal(make: MakeOtherSide) -> None:
    async def story(other: OtherSide) -> None:
        other.go_wrong("streamed", seconds=200, code="CHARGE_FAULT")

        with pytest.raises(VehicleRefused) as refused:
            await other.gateway.start(other.vehicle)

        assert "CHARGE_FAULT" == refused.value.code
        assert not other.charging()

    run(make, story)


@everywhere
def test_a_strangers_car_is_an_error_that_names_no_id(make: MakeOtherSide) -> None:
    async def story(other: OtherSide) -> None:
        stranger = replace(other.vehicle, smartcar_vehicle_id="veh-stranger")

        with pytest.raises(VehicleError) as error:
            await other.gateway.start(stranger)

        assert "veh-stranger" not in repr(error.value)
        assert make is hand_written or isinstance(error.value, ConsentLost)

    run(make, story)


@pytest.mark.parametrize("make", [in_process, by_the_old_version, pytest.param(over_a_socket, marks=pytest.mark.live)])
def test_a_disconnected_car_cannot_be_read_any_more(make: MakeOtherSide) -> None:
    async def story(other: OtherSide) -> None:
        await other.gateway.state(other.vehicle)
        await other.gateway.disconnect(other.vehicle)

        with pytest.raises(ConsentLost):
            await other.gateway.state(other.vehicle)

    run(make, story)
