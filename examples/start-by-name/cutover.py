import asyncio
import os
import sys

from temporalio import activity
from temporalio.client import Client, WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

databases = {"fenced": False, "pointer": "source", "token": "", "closed": False}


def take_up(context: dict) -> None:
    """Takes up the newest token. Refuses an older one: that call was sent earlier, and was late."""
    if context["token"] < databases["token"]:
        raise ApplicationError("A later cutover has begun", non_retryable=True)
    if context["token"] > databases["token"]:
        databases.update(token=context["token"], closed=False)


def require_open(context: dict) -> None:
    """Refuses a call that comes after its cutover has gone back."""
    take_up(context)
    if databases["closed"]:
        raise ApplicationError("This cutover has gone back", non_retryable=True)


@activity.defn
async def fence_orders(context: dict) -> None:
    require_open(context)
    databases["fenced"] = True


@activity.defn
async def unfence_orders(context: dict) -> None:
    take_up(context)
    if databases["pointer"] != "source":  # a late switch came first
        raise ApplicationError("The application uses the target", non_retryable=True)
    databases["closed"] = True
    databases["fenced"] = False


@activity.defn
async def orders_are_drained(context: dict) -> dict:
    return {"drained": True}


@activity.defn
async def switch_orders(context: dict) -> None:
    require_open(context)
    databases["pointer"] = "target"


@activity.defn
async def where_are_orders(context: dict) -> str:
    return databases["pointer"]


async def main() -> None:
    client = await Client.connect(os.environ.get("TEMPORAL_ADDRESS", "localhost:7233"))
    hooks = [fence_orders, unfence_orders, orders_are_drained, switch_orders, where_are_orders]
    names = ["fence", "unfence", "isDrained", "switchToTarget", "whereIsTraffic"]
    async with Worker(client, task_queue="orders", activities=hooks):
        cutover = await client.start_workflow(
            "dmsCutover",
            {
                "cutoverId": "orders",
                "replicationConfigArns": [sys.argv[1]],
                "requestedBy": "ada",
                "reason": "orders move to Aurora",
                "writesStoppedSeconds": 300,
                "gates": {"lag": "ignore"},
                "hooks": {
                    name: {"activityType": hook.__name__, "taskQueue": "orders"} for name, hook in zip(names, hooks)
                },
            },
            id="dms-cutover:orders",
            task_queue="temporal-dms",
        )
        while not (await cutover.query("dms.cutover"))["ready"]:
            await asyncio.sleep(0.2)
        approval = {"by": "grace", "reason": "all checks are green", "confirm": "invoices"}
        try:
            await cutover.execute_update("dms.approve", approval)
        except WorkflowUpdateFailedError as refused:
            print(refused.cause.type)
        await cutover.execute_update("dms.approve", {**approval, "confirm": "orders"})
        result = await cutover.result()
        print(result["outcome"], result["checkpoints"][0]["recoveryCheckpoint"], databases["pointer"])


asyncio.run(main())
