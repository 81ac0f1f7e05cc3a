import boto3
import pytest
from temporal_dms_simulator import Simulator
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import HttpWaitStrategy


@pytest.fixture(scope="session")
def dms_simulator_of_session():
    container = (
        DockerContainer("temporal-dms-simulator:0.1.0")
        .with_command("--speed 0")
        .with_exposed_ports(4570)
        .waiting_for(HttpWaitStrategy(4570, "/_simulator/health"))
    )
    with container:
        yield Simulator(f"http://{container.get_container_host_ip()}:{container.get_exposed_port(4570)}")


def test_a_stopped_replication_is_deprovisioned_after_48_hours(dms_simulator):
    dms_simulator.create_replication(status="stopped")
    dms_simulator.advance(hours=49)
    [row] = boto3.client("dms", **dms_simulator.client_config()).describe_replications()["Replications"]
    assert row["ProvisionData"]["ProvisionState"] == "deprovisioned"
