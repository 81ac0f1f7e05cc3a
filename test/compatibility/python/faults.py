"""Makes the calls that it is given on standard input, and prints the code and the message by which each is refused, as JSON."""

import json
import os
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

endpoint = os.environ["AWS_ENDPOINT_URL_DATABASE_MIGRATION_SERVICE"]
dms = boto3.client("dms", config=Config(retries={"total_max_attempts": 1}))


def control(path, body):
    request = urllib.request.Request(
        f"{endpoint}/_simulator/{path}",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    urllib.request.urlopen(request).close()


def refusal(case):
    for path, body in case["before"]:
        control(path, body)
    try:
        getattr(dms, dms_method(case["operation"]))(**case["input"])
    except ClientError as err:
        return [err.response["Error"]["Code"], err.response["Error"]["Message"]]
    return ["accepted", ""]


def dms_method(operation):
    return next(method for method, name in dms.meta.method_to_api_mapping.items() if name == operation)


print(json.dumps([refusal(case) for case in json.load(sys.stdin)]))
