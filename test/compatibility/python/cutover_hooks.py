"""Serves all hooks of a cutover. Its verification fails, so that it goes back. Prints the calls, and what they were told.

Input: the ARN of the replication, and a name for the cutover, which is also the task queue of the hooks.
"""

import asyncio
import json
import os
import sys

from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

arn, name = sys.argv[1:]
side = "source"
calls: list[str] = []
seen: dict[str, dict] = {}


def answer(hook: str):
    global side
    if hook == "switchToTarget":
        side = "target"
    if hook == "switchToSource":
        side = "source"
    answers = {
        "whereIsTraffic": side,
        "isDrained": {"drained": True, "behind": "nothing"},
        "markSource": {"lsn": "0/16B3748"},
        "preflight": [{"name": "disk", "ok": True, "detail": "80 GB free"}],
        "validate": [{"name": "rows", "ok": True, "detail": "12 in both"}],
        "verify": [{"name": "orders", "ok": False, "detail": "The newest order is missing"}],
    }
    return answers.get(hook)


def hook(called: str):
    @activity.defn(name=f"{name}-{called}")
    async def run(context: dict):
        if called != "notify":
            calls.append(called)
        seen[called] = context
        return answer(called)

    return run


HOOKS = (
    "preflight validate prepareReverse fence markSource isDrained syncIdentities switchToTarget "
    "whereIsTraffic startReverse verify switchToSource unfence notify"
).split()


async def main() -> None:
    client = await Client.connect(os.environ["TEMPORAL_ADDRESS"])
    async with Worker(client, task_queue=name, activities=[hook(each) for each in HOOKS]):
        cutover = await client.start_workflow(
            "dmsCutover",
            {
                "cutoverId": name,
                "replicationConfigArns": [arn],
                "requestedBy": "ada",
                "reason": "orders move",
                "writesStoppedSeconds": 300,
                "gates": {"lag": "ignore"},
                "approval": {"required": False},
                "onVerifyFailed": "switch-back",
                "verifySeconds": 1,
                "stop": {"settleSeconds": 0, "selfRestartGraceSeconds": 0},
                "hooks": {each: {"activityType": f"{name}-{each}", "taskQueue": name} for each in HOOKS},
            },
            id=f"dms-cutover:{name}",
            task_queue="temporal-dms",
        )
        result = await cutover.result()
    print(json.dumps({"result": result, "calls": calls, "seen": seen}))


asyncio.run(main())
