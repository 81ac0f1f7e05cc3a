"""Runs the steps of Airflow's example for DMS Serverless with its operators. Skipped where Airflow is not installed."""

import time

import boto3
import pytest
from temporal_dms_simulator import Simulator

operators = pytest.importorskip("airflow.providers.amazon.aws.operators.dms")

TABLE_MAPPINGS = """{
  "rules": [
    {
      "rule-type": "selection",
      "rule-id": "1",
      "rule-name": "all",
      "rule-action": "include",
      "object-locator": { "schema-name": "shop", "table-name": "%" }
    }
  ]
}"""
QUICKLY = {"waiter_delay": 1, "waiter_max_attempts": 60}


@pytest.fixture
def simulator(dms_simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """Simulator that every AWS client of the process finds. An hour passes in a second."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE", dms_simulator.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "simulated")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "simulated")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    dms_simulator.set_speed(3600)
    return dms_simulator


def run(name: str, **members):
    """Runs an operator, as a task of a DAG would. Returns its result."""
    operator = getattr(operators, f"Dms{name}Operator")
    return operator(task_id="task", aws_conn_id=None, **members).execute({})


def named(arn: str) -> list:
    return [{"Name": "replication-config-arn", "Values": [arn]}]


def look(arn: str) -> dict:
    [row] = run("DescribeReplications", filter=named(arn))
    return row


def test_operators_create_start_stop_and_delete_replications_between_endpoints(simulator: Simulator) -> None:
    dms = boto3.client("dms")
    source, target = (create_endpoint(dms, kind) for kind in ("source", "target"))

    def create(name: str, replication_type: str) -> str:
        return run(
            "CreateReplicationConfig",
            replication_config_id=name,
            source_endpoint_arn=source,
            target_endpoint_arn=target,
            compute_config={"MaxCapacityUnits": 4, "MinCapacityUnits": 1},
            replication_type=replication_type,
            table_mappings=TABLE_MAPPINGS,
        )

    def start(arn: str, waits: bool) -> None:
        kind = "start-replication"
        members = {"replication_config_arn": arn, "replication_start_type": kind, "wait_for_completion": waits}
        run("StartReplication", **members, **QUICKLY)

    load = create("load", "full-load")
    [config] = run("DescribeReplicationConfigs", filter=named(load))
    assert config["ReplicationConfigIdentifier"] == "load"
    start(load, waits=True)
    assert look(load)["Status"] == "stopped"

    cdc = create("cdc", "full-load-and-cdc")
    start(cdc, waits=False)
    for _ in range(300):
        if look(cdc)["Status"] == "running":
            break
        time.sleep(0.2)
    else:
        pytest.fail("The replication does not run")
    run("StopReplication", replication_config_arn=cdc, **QUICKLY)
    assert look(cdc)["Status"] == "stopped"

    for arn in (load, cdc):
        run("DeleteReplicationConfig", replication_config_arn=arn, **QUICKLY)
    for arn in (source, target):
        dms.delete_endpoint(EndpointArn=arn)
    assert (simulator.replications(), dms.describe_endpoints()["Endpoints"]) == ([], [])


def create_endpoint(dms, kind: str) -> str:
    answer = dms.create_endpoint(
        EndpointIdentifier=f"airflow-{kind}",
        EndpointType=kind,
        EngineName="mysql",
        ServerName=f"{kind}.example.com",
        Port=3306,
        Username="dms",
        Password="secret",
    )
    return answer["Endpoint"]["EndpointArn"]
