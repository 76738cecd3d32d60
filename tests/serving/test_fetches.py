"""Shared fetches: one per team and blob, whose error every client gets."""

import threading
from contextlib import contextmanager

import pytest

from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import ConnectionFailed
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.reference import Reference
from registry_ui.serving.fetches import Fetch

DESCRIPTOR = Descriptor("", Digest.of(b"content"), 7)


class Repository:
    def __init__(self, team):
        self.team = team
        self.reference = Reference.parse("registry.example.com/team/app")


class Upstream:
    """A registry that waits before it fails."""

    def __init__(self):
        self.opened = 0
        self.may_answer = threading.Event()

    def name_of(self, text):
        return text

    @contextmanager
    def open_store(self, _name):
        self.opened += 1
        self.may_answer.wait(10)
        raise ConnectionFailed("It does not answer.")
        yield


@pytest.mark.django_db(transaction=True)
def test_clients_of_a_team_share_one_fetch_and_its_error(team, other_team):
    upstream = Upstream()
    first = Fetch.join(Repository(team), upstream, DESCRIPTOR)
    again = Fetch.join(Repository(team), upstream, DESCRIPTOR)
    other = Fetch.join(Repository(other_team), upstream, DESCRIPTOR)

    assert first is again
    assert other is not first
    assert not first.check()
    upstream.may_answer.set()
    assert first.is_finished.wait(10)
    assert other.is_finished.wait(10)
    assert upstream.opened == 2
    with pytest.raises(ConnectionFailed):
        first.check()


@pytest.mark.django_db(transaction=True)
def test_after_a_failure_the_next_client_tries_again(team):
    upstream = Upstream()
    upstream.may_answer.set()
    first = Fetch.join(Repository(team), upstream, DESCRIPTOR)
    assert first.is_finished.wait(10)

    again = Fetch.join(Repository(team), upstream, DESCRIPTOR)

    assert again is not first
    assert again.is_finished.wait(10)
