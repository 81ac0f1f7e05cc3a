"""Fixtures for pytest."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

import pytest

from . import Simulator


@pytest.fixture(scope="session")
def dms_simulator_options() -> Sequence[str]:
    """Options of `temporal-dms simulator`. Override it in a `conftest.py`."""
    return ["--speed", "0"]


@pytest.fixture(scope="session")
def dms_simulator_of_session(dms_simulator_options: Sequence[str]) -> Iterator[Simulator]:
    """Simulator of all tests: the one at TEMPORAL_DMS_SIMULATOR_URL, or a new one."""
    url = os.environ.get("TEMPORAL_DMS_SIMULATOR_URL")
    with Simulator(url) if url else Simulator.start(dms_simulator_options) as simulator:
        yield simulator


@pytest.fixture
def dms_simulator(dms_simulator_of_session: Simulator) -> Simulator:
    """Simulator that is as new."""
    dms_simulator_of_session.reset()
    return dms_simulator_of_session
