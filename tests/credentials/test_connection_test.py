import pytest

from registry_ui.credentials.services import check_connection
from registry_ui.registries.models import Health, Registry
from registry_ui.web.errors import describe
from tests.parts.scripted_server import Reply, scripted_server


def answering(**reply):
    """Start a server with one answer to every request, for faults that no real registry has."""
    return _Answering(Reply(**reply))


class _Answering:
    def __init__(self, reply: Reply) -> None:
        self._server, self._reply = scripted_server(), reply

    def __enter__(self) -> str:
        server = self._server.__enter__()
        server.on("GET", ".*", self._reply)
        return server.host

    def __exit__(self, *failure: object) -> None:
        self._server.__exit__(*failure)


def states(report) -> dict[str, str]:
    return {stage.name: stage.state for stage in report.stages}


def test_every_stage_of_an_encrypted_registry_is_done(make_registry, tls_registry) -> None:
    row = make_registry(tls_registry)
    report = check_connection(row)
    assert states(report) == {
        "name": "done",
        "port": "done",
        "tls": "done",
        "registry": "done",
        "login": "done",
    }
    row.refresh_from_db()
    assert row.health == Health.HEALTHY
    assert [stage["name"] for stage in row.report] == ["name", "port", "tls", "registry", "login"]


def test_it_says_how_the_registry_asks_for_a_login(
    make_registry, htpasswd_registry, token_registry, registry
) -> None:
    details = [
        check_connection(make_registry(server)).stages[-1].detail
        for server in (htpasswd_registry, token_registry, registry)
    ]
    assert ["Basic" in details[0], "tokens" in details[1], "none" in details[2]] == [
        True,
        True,
        True,
    ]


def test_a_name_that_does_not_exist_fails_at_the_name(make_registry) -> None:
    row = make_registry(host="registry.invalid")
    report = check_connection(row)
    assert states(report) == {
        "name": "failed",
        "port": "waiting",
        "tls": "waiting",
        "registry": "waiting",
        "login": "waiting",
    }
    assert describe(report.failed.error).advice
    row.refresh_from_db()
    assert row.health == Health.FAILING
    assert "registry.invalid" in describe(row.health_error).sentence


def test_a_closed_port_fails_at_the_port(make_registry) -> None:
    report = check_connection(make_registry(host="127.0.0.1:1"))
    assert states(report)["name"] == "done"
    assert states(report)["port"] == "failed"


@pytest.mark.parametrize(
    "host", ["169.254.169.254", "[::ffff:169.254.169.254]:5000", "0.0.0.0:5000"]
)
def test_a_forbidden_address_is_never_connected_to(make_registry, host: str) -> None:
    report = check_connection(make_registry(host=host, security="plain_http"))
    assert states(report)["name"] == "failed"
    assert states(report)["port"] == "waiting"


def test_loopback_is_refused_where_the_installation_does_not_allow_it(
    settings, make_registry, registry
) -> None:
    settings.EGRESS_ALLOW_LOOPBACK = False
    report = check_connection(make_registry(registry))
    assert report.failed.name == "name"


def test_an_unknown_authority_fails_at_the_encryption_with_the_way_out(
    make_registry, tls_registry
) -> None:
    report = check_connection(make_registry(tls_registry, security="verify"))
    assert report.failed.name == "tls"
    assert "authority" in describe(report.failed.error).advice


def test_a_plain_port_is_recognised_when_https_is_chosen(make_registry, registry) -> None:
    report = check_connection(make_registry(registry, security="verify"))
    assert report.failed.name == "tls"
    assert "plain http" in describe(report.failed.error).sentence.lower()


def test_plain_http_is_a_warning_and_no_failure(make_registry, registry) -> None:
    report = check_connection(make_registry(registry))
    assert states(report)["tls"] == "warning"
    assert report.failed is None


def test_a_web_page_is_no_registry(make_registry) -> None:
    with answering(headers={"Content-Type": "text/html"}, body=b"<h1>Hello</h1>") as host:
        report = check_connection(make_registry(host=host, security="plain_http"))
    assert report.failed.name == "registry"


def test_a_token_server_that_is_not_approved_is_a_warning_with_the_way_out(make_registry) -> None:
    challenge = {"WWW-Authenticate": 'Bearer realm="https://tokens.example.com/auth",service="x"'}
    with answering(status=401, headers=challenge) as host:
        row = make_registry(host=host, security="plain_http")
        assert states(check_connection(row))["login"] == "warning"
        row.token_hosts = ["tokens.example.com"]
        assert states(check_connection(row))["login"] == "done"


def test_a_login_of_an_unknown_kind_fails_at_the_login(make_registry) -> None:
    with answering(status=401, headers={"WWW-Authenticate": "Negotiate"}) as host:
        report = check_connection(make_registry(host=host, security="plain_http"))
    assert report.failed.name == "login"
    assert report.failed.error["parameters"]["offered"] == ["negotiate"]


def test_through_a_proxy_the_stages_before_it_are_left_out(settings, make_registry) -> None:
    settings.PROXY_URL = "http://127.0.0.1:1"
    report = check_connection(make_registry(host="registry.example.com"))
    assert list(states(report)) == ["proxy", "registry", "login"]
    assert report.failed.name == "registry"


def test_a_row_that_is_not_saved_can_be_checked(team, registry) -> None:
    row = Registry(team=team, host=registry.host, security="plain_http")
    assert check_connection(row).failed is None
    assert not Registry.objects.filter(host=registry.host).exists()
