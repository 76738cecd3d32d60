from datetime import timedelta
from types import SimpleNamespace

from gunicorn.config import Config

from registry_ui.access_log import AccessLogger


def logged_path(path):
    environ = {
        "PATH_INFO": path,
        "REQUEST_METHOD": "GET",
        "RAW_URI": path,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
    }
    response = SimpleNamespace(status="200 OK", headers=[], sent=0)
    request = SimpleNamespace(headers=[])
    return AccessLogger(Config()).atoms(response, request, environ, timedelta())["U"]


def test_the_token_of_the_setup_link_is_not_logged():
    assert logged_path("/setup/canary-token-123/") == "/setup/•••/"


def test_other_paths_are_logged_as_they_are():
    assert logged_path("/registries/") == "/registries/"
