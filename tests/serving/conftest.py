import pytest

from registry_ui.accounts.models import Scope

from .client import Calls, basic, secret_of


@pytest.fixture
def admin(alice):
    """A client with Alice's token, which may pull, push and delete."""
    return Calls(basic("alice", secret_of(alice)))


@pytest.fixture
def operator(bob):
    return Calls(basic("bob", secret_of(bob, Scope.TRANSFER)))


@pytest.fixture
def reader(victor):
    return Calls(basic("victor", secret_of(victor, Scope.READ)))


@pytest.fixture
def outsider(charlie):
    """A client of an admin of another team."""
    return Calls(basic("charlie", secret_of(charlie)))


@pytest.fixture
def image(image_factory):
    return image_factory.build_image(layer_size=3000)
