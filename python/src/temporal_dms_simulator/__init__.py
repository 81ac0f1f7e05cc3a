"""A local AWS DMS Serverless: starts it, or uses a running one, and controls it over HTTP."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Literal

__all__ = ["Simulator", "SimulatorError"]

DEFAULT_COMMAND = "npx --yes -p temporal-dms@0.1 temporal-dms simulator"
"""Command that starts the simulator. The variable TEMPORAL_DMS_SIMULATOR_COMMAND is another one."""

END_SECONDS = 10.0
"""Time in which the program ends by itself. After that it is killed."""

FaultType = Literal[
    "throttle",
    "error",
    "access-denied",
    "expired-credentials",
    "invalid-state",
    "answer-lost",
    "connection-reset",
    "hang",
    "late",
    "clock-skew",
    "latency",
    "stale",
    "row-missing",
]


class SimulatorError(Exception):
    """The simulator could not be started, or has refused a request."""


class Simulator:
    """A running simulator. Use it as a context manager, or call `close`."""

    def __init__(self, endpoint: str, process: subprocess.Popen[str] | None = None) -> None:
        """Uses the simulator at a URL. `process`: the program, which `close` ends."""
        self.endpoint = endpoint.rstrip("/")
        self._process = process

    @classmethod
    def start(cls, options: Sequence[str] = ("--speed", "0"), command: str | None = None) -> Simulator:
        """Starts a simulator on a free port. `options`: those of `temporal-dms simulator`."""
        words = shlex.split(command or os.environ.get("TEMPORAL_DMS_SIMULATOR_COMMAND") or DEFAULT_COMMAND)
        program = shutil.which(words[0])
        if program is None:
            raise SimulatorError(f"{words[0]} is not there. Install Node 20, or set TEMPORAL_DMS_SIMULATOR_COMMAND.")
        given = [program, *words[1:], "--port", "0", "-o", "jsonl", *options]
        # A file does not fill up, as a pipe that nobody reads would.
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(given, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True)
            simulator = cls("", process)
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                if not line:
                    process.wait()
                    errors.seek(0)
                    problem = _problem_of(errors.read())
                    raise SimulatorError(f"The simulator has ended: {problem} ({shlex.join(given)})")
                simulator.endpoint = json.loads(line)["endpoint"]
                # The program starts with a replication.
                simulator.reset()
            except BaseException:
                simulator.close()
                raise
        return simulator

    def close(self) -> None:
        """Ends the program, if `start` has started it."""
        if self._process is None:
            return
        process, self._process = self._process, None
        with process:
            # The command may have started the program as a child of its own, as npx does.
            _signal(process, signal.SIGTERM)
            try:
                process.wait(END_SECONDS)
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)

    def __enter__(self) -> Simulator:
        return self

    def __exit__(self, kind: type[BaseException] | None, err: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def client_config(self, region: str = "eu-west-1", account_id: str = "123456789012") -> dict[str, str]:
        """Returns the keyword arguments of a boto3 client, which sees only its own account and region."""
        return {
            "endpoint_url": self.endpoint,
            "region_name": region,
            "aws_access_key_id": f"SIMULATED{account_id}",
            "aws_secret_access_key": "simulated",
        }

    def without_retries(self) -> Any:
        """Returns the `config` of a boto3 client that sends every request once."""
        from botocore.config import Config

        return Config(retries={"total_max_attempts": 1})

    def create_replication(self, **options: Any) -> str:
        """Creates a replication in any state, by default a running one. Returns its ARN.

        The options are those of `createReplication`, such as `status="stopped"` and `tables=12`.
        """
        return str(self._control("POST", "replications", options)["replicationConfigArn"])

    def replications(self) -> list[dict[str, Any]]:
        """Returns every replication: `row`, `config` and `lagSeconds`."""
        return list(self._control("GET", "state")["replications"])

    def row(self, arn: str) -> dict[str, Any]:
        """Returns the row of a replication, as DMS would show it now."""
        for each in self.replications():
            row: dict[str, Any] = each["row"]
            if row["ReplicationConfigArn"] == arn:
                return row
        raise SimulatorError(f"The simulator has no replication {arn}")

    def target_rows(self, arn: str) -> int:
        """Counts the rows in the database behind the target endpoint of a replication."""
        query = urllib.parse.urlencode({"replicationConfigArn": arn})
        return int(self._control("GET", f"target-rows?{query}")["rows"])

    def advance(self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0) -> None:
        """Moves the simulated time forward."""
        self._control("POST", "clock", {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds})

    def set_speed(self, speed: float) -> None:
        """Sets how many simulated seconds pass in a real one. 0: the time stands still."""
        self._control("POST", "speed", {"speed": speed})

    def act(self, action: str, arn: str, **members: Any) -> None:
        """Acts on a replication, as another client or an event in DMS would: `act("fail", arn, messages=["Gone"])`."""
        self._control("POST", "act", {"action": action, "replicationConfigArn": arn, **members})

    def set_uncertain(self, **switches: Any) -> None:
        """Sets switches for uncertain behaviour of DMS, such as `resumePath="full"`."""
        self._control("POST", "uncertain", switches)

    def set_policy(self, statements: Sequence[Mapping[str, Any]] | None) -> None:
        """Sets the IAM policy of every caller. None: everything is allowed."""
        self._control("POST", "policy", {"statements": None if statements is None else list(statements)})

    @contextmanager
    def fault(self, type: FaultType, *, operation: str = "*", arn: str | None = None, **members: Any) -> Iterator[None]:
        """Sets a fault while the block runs. Blocks may nest: a request meets the oldest fault that applies.

        By default it meets every request of the block. `times` is another number.
        """
        given = {"type": type, "operation": operation, "times": 1_000_000_000, **members}
        if arn is not None:
            given["replicationConfigArn"] = arn
        set_fault = self._control("POST", "faults", given)
        try:
            yield
        finally:
            self._control("DELETE", f"faults?id={set_fault['id']}")

    def clear_faults(self, arn: str | None = None) -> None:
        """Removes the faults of a replication. Without an ARN: all faults."""
        query = "" if arn is None else f"?{urllib.parse.urlencode({'replicationConfigArn': arn})}"
        self._control("DELETE", f"faults{query}")

    def calls(self, operation: str | None = None, arn: str | None = None) -> list[dict[str, Any]]:
        """Returns the newest requests of AWS clients, oldest first: `operation`, `input` and `outcome`."""
        found = self._control("GET", "calls?limit=999999")["calls"]
        return [
            each
            for each in found
            if operation in (None, each["operation"]) and arn in (None, each["input"].get("ReplicationConfigArn"))
        ]

    def reset(self, start_at: str | None = None) -> None:
        """Removes all replications, faults and calls, and restores switches, policy, clock and chance.

        `start_at`: simulated time at which it begins again, such as `2026-01-01T00:00:00Z`.
        """
        self._control("POST", "reset", {} if start_at is None else {"startAt": start_at})

    def _control(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            f"{self.endpoint}/_simulator/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as refused:
            with refused:
                text = refused.read().decode(errors="replace")
            raise SimulatorError(_problem_of(text)) from None
        except urllib.error.URLError as err:
            raise SimulatorError(f"No simulator answers at {self.endpoint}: {err.reason}") from err


def _signal(process: subprocess.Popen[str], number: int) -> None:
    """Sends a signal to a program and its children."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        pass  # it has ended


def _problem_of(text: str) -> str:
    """Returns the sentence in an error of the control, or of the program."""
    try:
        error = json.loads(text)["error"]
        return error if isinstance(error, str) else f"{error['message']}. {error['hint'] or ''}".strip()
    except (ValueError, KeyError, TypeError):
        return text.strip()
