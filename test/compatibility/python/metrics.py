"""Asks CloudWatch for the queries that it is given on standard input, over the last minutes before a time, by boto3. Prints the values as JSON."""

import datetime
import json
import sys

import boto3

asked = json.load(sys.stdin)
end = datetime.datetime.fromtimestamp(asked["end"], datetime.timezone.utc)
answer = boto3.client("cloudwatch").get_metric_data(
    MetricDataQueries=asked["queries"],
    StartTime=end - datetime.timedelta(minutes=asked["minutes"]),
    EndTime=end,
    ScanBy="TimestampAscending",
)
print(json.dumps([[each["Id"], [at.timestamp() for at in each["Timestamps"]], each["Values"]] for each in answer["MetricDataResults"]]))
