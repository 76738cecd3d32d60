import socket

import pytest

from registry_ui.oci.socket_watch import SocketWatch
from registry_ui.oci.store import Cancellation


def test_deadline_shuts_only_the_late_socket():
    watch = SocketWatch(Cancellation())
    late, other = socket.socketpair()
    on_time, peer = socket.socketpair()
    with late, other, on_time, peer:
        with watch.deadline(on_time, 60):
            pass
        with pytest.raises(TimeoutError), watch.deadline(late, 0.1):
            assert late.recv(1) == b"", "woken from outside"
        peer.sendall(b"x")
        assert on_time.recv(1) == b"x"


def test_closed_client_no_longer_listens_to_the_cancellation(scripted, client_of):
    cancellation = Cancellation()
    client = client_of(scripted, cancellation=cancellation)
    client.ping()
    assert cancellation._callbacks
    client.close()
    assert not cancellation._callbacks
