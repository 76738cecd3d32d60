import pytest

from registry_ui.notifications import services
from tests.parts.scripted_server import Reply, scripted_server


@pytest.fixture
def receiver():
    """A service that accepts messages, unless a test says otherwise."""
    with scripted_server() as server:
        server.on("POST", "/hook/?", Reply())
        yield server


@pytest.fixture
def channel(team, alice, receiver):
    return services.add_channel(
        team=team, user=alice, name="Operators", address=f"json://{receiver.host}/hook"
    )
