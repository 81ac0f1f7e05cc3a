"""The whole life of a replication, by boto3. Prints what it saw as JSON."""

import json
import os
import sys
import urllib.request

import boto3
from botocore.config import Config

endpoint = os.environ["AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE"]
dms = boto3.client("dms", config=Config(retries={"total_max_attempts": 1}))


def control(path, **body):
    request = urllib.request.Request(
        f"{endpoint}/_simulator/{path}",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


def look(arn):
    filters = [{"Name": "replication-config-arn", "Values": [arn]}]
    return dms.describe_replications(Filters=filters)["Replications"][0]


def wait_for(arn, *statuses):
    for _ in range(200):
        if look(arn)["Status"] in statuses:
            return look(arn)["Status"]
        control("clock", minutes=1)
    raise TimeoutError(look(arn)["Status"])


def life(table_mappings):
    seen = []
    created = dms.create_replication_config(
        ReplicationConfigIdentifier="by-boto3",
        SourceEndpointArn="arn:aws:dms:eu-west-1:123456789012:endpoint:SOURCE1",
        TargetEndpointArn="arn:aws:dms:eu-west-1:123456789012:endpoint:TARGET1",
        ComputeConfig={"MaxCapacityUnits": 16},
        ReplicationType="full-load-and-cdc",
        TableMappings=table_mappings,
    )
    arn = created["ReplicationConfig"]["ReplicationConfigArn"]
    seen.append(look(arn)["Status"])
    seen.append(dms.start_replication(ReplicationConfigArn=arn, StartReplicationType="start-replication")["Replication"]["Status"])
    seen.append(wait_for(arn, "running"))
    try:
        dms.start_replication(ReplicationConfigArn=arn, StartReplicationType="resume-processing")
    except dms.exceptions.InvalidResourceStateFault as err:
        seen.append(err.response["Error"]["Message"][-36:])
    control("clock", minutes=20)
    tables = dms.describe_replication_table_statistics(ReplicationConfigArn=arn)["ReplicationTableStatistics"]
    seen.append(f"{len(tables)} tables")
    seen.append(dms.stop_replication(ReplicationConfigArn=arn)["Replication"]["Status"])
    seen.append(wait_for(arn, "stopped"))
    control("clock", minutes=1)
    stopped = look(arn)
    seen.append(stopped["StopReason"])
    seen.append(stopped["RecoveryCheckpoint"][:13])
    seen.append(type(stopped["ReplicationDeprovisionTime"]).__name__)
    dms.start_replication(ReplicationConfigArn=arn, StartReplicationType="resume-processing")
    seen.append(wait_for(arn, "running"))
    dms.reload_replication_tables(ReplicationConfigArn=arn, TablesToReload=[{"SchemaName": "shop", "TableName": "table_00001"}])
    seen.append(dms.describe_replication_table_statistics(ReplicationConfigArn=arn)["ReplicationTableStatistics"][0]["TableState"])
    dms.stop_replication(ReplicationConfigArn=arn)
    wait_for(arn, "stopped")
    dms.modify_replication_config(ReplicationConfigArn=arn, ComputeConfig={"MaxCapacityUnits": 32})
    seen.append(look(arn)["Status"])
    seen.append(wait_for(arn, "stopped"))
    configs = dms.describe_replication_configs()["ReplicationConfigs"]
    seen.append(configs[0]["ComputeConfig"]["MaxCapacityUnits"])
    dms.delete_replication_config(ReplicationConfigArn=arn)
    seen.append(look(arn)["Status"])
    control("clock", minutes=5)
    try:
        look(arn)
    except dms.exceptions.ResourceNotFoundFault as err:
        seen.append(err.response["Error"]["Code"])
    return seen


print(json.dumps(life(json.load(sys.stdin)["tableMappings"])))
