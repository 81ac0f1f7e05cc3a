import asyncio
import os
import sys
from uuid import uuid4

from temporalio.client import Client


async def main() -> None:
    client = await Client.connect(os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"))
    arn = sys.argv[1]
    result = await client.execute_workflow(
        "dmsStopReplication",
        {"replicationConfigArn": arn, "requestedBy": "ada", "reason": "maintenance"},
        id=f"stop-{uuid4()}",
        task_queue="temporal-dms",
    )
    print(result["outcome"], result["checkpoint"]["recoveryCheckpoint"])


asyncio.run(main())
