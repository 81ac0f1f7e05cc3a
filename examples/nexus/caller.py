import asyncio
import os
import sys
from datetime import timedelta
from uuid import uuid4

import nexusrpc
from temporalio import workflow
from temporalio.client import Client
from temporalio.worker import Worker


@nexusrpc.service(name="temporal-dms")
class DmsService:
    stop: nexusrpc.Operation[dict, dict]
    resume: nexusrpc.Operation[dict, dict]
    describe: nexusrpc.Operation[dict, dict]


@workflow.defn
class PauseForMaintenance:
    @workflow.run
    async def run(self, arn: str) -> str:
        dms = workflow.create_nexus_client(service=DmsService, endpoint="temporal-dms")
        request = {"replicationConfigArn": arn, "requestedBy": "ada", "reason": "maintenance"}
        stopped = await dms.execute_operation(DmsService.stop, request)
        known = await dms.execute_operation(DmsService.describe, {"replicationConfigArn": arn})
        await dms.execute_operation(DmsService.resume, {**request, "verifyProgressSeconds": 5})
        return f"{known['state']} at {stopped['checkpoint']['recoveryCheckpoint']}"


async def main() -> None:
    address = os.environ.get("TEMPORAL_ADDRESS", "localhost:7233")
    client = await Client.connect(address, namespace="callers")
    async with Worker(client, task_queue="callers", workflows=[PauseForMaintenance]):
        print(
            await client.execute_workflow(
                PauseForMaintenance.run,
                sys.argv[1],
                id=f"pause-{uuid4()}",
                task_queue="callers",
                execution_timeout=timedelta(minutes=5),
            )
        )


if __name__ == "__main__":
    asyncio.run(main())
