"""Tests of the package, with boto3."""

import boto3
import pytest
from botocore.exceptions import ClientError
from temporal_dms_simulator import Simulator, SimulatorError


def client(simulator: Simulator):
    return boto3.client("dms", **simulator.client_config(), config=simulator.without_retries())


def test_a_replication_lives_through_a_stop_and_a_resume(dms_simulator: Simulator) -> None:
    arn = dms_simulator.create_replication(identifier="orders", tables=2)
    dms = client(dms_simulator)
    dms.stop_replication(ReplicationConfigArn=arn)
    dms_simulator.advance(minutes=5)
    [row] = dms.describe_replications()["Replications"]
    assert (row["Status"], row["StopReason"]) == ("stopped", "Stop Reason NORMAL")
    dms.start_replication(ReplicationConfigArn=arn, StartReplicationType="resume-processing")
    dms_simulator.advance(hours=1)
    assert dms_simulator.row(arn)["Status"] == "running"
    assert [each["outcome"] for each in dms_simulator.calls("StopReplication", arn)] == ["ok"]


def test_each_test_begins_with_an_empty_simulator(dms_simulator: Simulator) -> None:
    assert dms_simulator.replications() == []
    assert dms_simulator.calls() == []


def test_a_fault_lasts_as_long_as_its_block_also_if_it_fails(dms_simulator: Simulator) -> None:
    arn = dms_simulator.create_replication()
    dms = client(dms_simulator)
    with pytest.raises(ClientError, match="Rate exceeded"):
        with dms_simulator.fault("throttle", operation="StopReplication", arn=arn):
            dms.describe_replications()
            dms.stop_replication(ReplicationConfigArn=arn)
    dms.stop_replication(ReplicationConfigArn=arn)


def test_faults_nest_and_the_inner_block_ends_only_its_own(dms_simulator: Simulator) -> None:
    arn = dms_simulator.create_replication()
    dms = client(dms_simulator)
    with dms_simulator.fault("throttle", operation="StopReplication"):
        with dms_simulator.fault("access-denied", operation="DescribeReplications"):
            with pytest.raises(ClientError, match="not authorized"):
                dms.describe_replications()
        dms.describe_replications()
        with pytest.raises(ClientError, match="Rate exceeded"):
            dms.stop_replication(ReplicationConfigArn=arn)
    dms.stop_replication(ReplicationConfigArn=arn)


def test_rows_behind_a_target_are_counted(dms_simulator: Simulator) -> None:
    arn = dms_simulator.create_replication(tables=2)
    assert dms_simulator.target_rows(arn) > 0
    dms_simulator.act("repoint-target", arn)
    assert dms_simulator.target_rows(arn) == 0


def test_a_reset_begins_at_another_time(dms_simulator: Simulator) -> None:
    dms_simulator.reset(start_at="2030-01-02T03:04:05Z")
    answer = client(dms_simulator).describe_replications()
    assert answer["ResponseMetadata"]["HTTPHeaders"]["date"] == "Wed, 02 Jan 2030 03:04:05 GMT"


def test_actions_switches_policies_and_speed_are_set(dms_simulator: Simulator) -> None:
    arn = dms_simulator.create_replication()
    dms_simulator.act("change-durations", arn, durations={"stopping": 7})
    dms_simulator.act("stop", arn)
    dms_simulator.advance(seconds=7)
    assert dms_simulator.row(arn)["Status"] == "stopped"
    dms = client(dms_simulator)
    with pytest.raises(ClientError, match="testing|ReplicationSubnetGroup|not found|must provide"):
        dms.test_connection(EndpointArn="x", ReplicationInstanceArn="y")
    dms_simulator.set_uncertain(stopAtRest="accepted")
    dms.stop_replication(ReplicationConfigArn=arn)
    dms_simulator.set_speed(1_000_000)
    before = dms.describe_replications()["ResponseMetadata"]["HTTPHeaders"]["date"]
    while dms.describe_replications()["ResponseMetadata"]["HTTPHeaders"]["date"] == before:
        pass
    dms_simulator.set_policy([])
    with pytest.raises(ClientError, match="not authorized to perform: dms:DescribeReplications"):
        client(dms_simulator).describe_replications()


def test_a_request_that_is_refused_says_why(dms_simulator: Simulator) -> None:
    with pytest.raises(SimulatorError, match='There is no action "sleep". There is stop, start'):
        dms_simulator.act("sleep", "arn")
    with pytest.raises(SimulatorError, match="The simulator has no replication arn"):
        dms_simulator.row("arn")


def test_a_program_that_cannot_start_says_why() -> None:
    with pytest.raises(SimulatorError, match='--speed is "fast"'):
        Simulator.start(["--speed", "fast"])
    with pytest.raises(SimulatorError, match="nowhere is not there"):
        Simulator.start(command="nowhere")
    with pytest.raises(SimulatorError, match="No simulator answers at http://127.0.0.1:9"):
        Simulator("http://127.0.0.1:9").reset()
