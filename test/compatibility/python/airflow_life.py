"""What Airflow's example for DMS Serverless does, by Airflow's operators. Prints what it saw as JSON."""

import json
import logging
import sys
import time

import boto3
from airflow.providers.amazon.aws.operators.dms import (
    DmsCreateReplicationConfigOperator,
    DmsDeleteReplicationConfigOperator,
    DmsDescribeReplicationConfigsOperator,
    DmsDescribeReplicationsOperator,
    DmsStartReplicationOperator,
    DmsStopReplicationOperator,
)

logging.disable(logging.CRITICAL)
given = json.load(sys.stdin)
dms = boto3.client("dms")
context: dict = {}
common = {"aws_conn_id": None}
quickly = {"waiter_delay": 1, "waiter_max_attempts": 60}


def endpoint(kind: str) -> str:
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


def create(name: str, replication_type: str) -> str:
    return DmsCreateReplicationConfigOperator(
        task_id="create",
        replication_config_id=name,
        source_endpoint_arn=source,
        target_endpoint_arn=target,
        compute_config={"MaxCapacityUnits": 4, "MinCapacityUnits": 1},
        replication_type=replication_type,
        table_mappings=given["tableMappings"],
        **common,
    ).execute(context)


def start(arn: str, waits: bool) -> None:
    DmsStartReplicationOperator(
        task_id="start",
        replication_config_arn=arn,
        replication_start_type="start-replication",
        wait_for_completion=waits,
        **quickly,
        **common,
    ).execute(context)


def look(arn: str) -> dict:
    [row] = DmsDescribeReplicationsOperator(task_id="look", filter=named(arn), **common).execute(context)
    return row


def named(arn: str) -> list:
    return [{"Name": "replication-config-arn", "Values": [arn]}]


source, target = endpoint("source"), endpoint("target")
load = create("load", "full-load")
configs = DmsDescribeReplicationConfigsOperator(task_id="configs", filter=named(load), **common).execute(context)
start(load, waits=True)
loaded = look(load)
cdc = create("cdc", "full-load-and-cdc")
start(cdc, waits=False)
while look(cdc)["Status"] != "running":
    time.sleep(0.2)
DmsStopReplicationOperator(task_id="stop", replication_config_arn=cdc, **quickly, **common).execute(context)
stopped = look(cdc)
for arn in (load, cdc):
    DmsDeleteReplicationConfigOperator(task_id="delete", replication_config_arn=arn, **quickly, **common).execute(context)
for arn in (source, target):
    dms.delete_endpoint(EndpointArn=arn)
print(
    json.dumps(
        {
            "configs": [config["ReplicationConfigIdentifier"] for config in configs],
            "loaded": loaded["Status"],
            "stopped": stopped["Status"],
            "left": len(dms.describe_replication_configs()["ReplicationConfigs"]),
            "endpoints": len(dms.describe_endpoints()["Endpoints"]),
        }
    )
)
