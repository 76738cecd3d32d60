import pytest
from cryptography.hazmat.primitives import serialization

from registry_ui.providers.catalogue import list_addable_providers
from registry_ui.registries.forms import RegistryForm
from registry_ui.registries.models import Registry
from tests.parts.certificates import make_authority


def form_of(team, provider="private", registry=None, **values) -> RegistryForm:
    data = {"host": "registry.example.com", "security": "verify", **values}
    return RegistryForm(data, team=team, provider=provider, registry=registry)


def test_the_host_alone_is_enough_and_becomes_the_name(team) -> None:
    form = form_of(team)
    assert form.is_valid()
    assert form.cleaned_data["name"] == "registry.example.com"


def test_a_pasted_url_is_reduced_to_its_host(team) -> None:
    form = form_of(team, host="https://Registry.Example.com/v2/")
    assert form.is_valid()
    assert form.cleaned_data["host"] == "registry.example.com"
    assert form.corrected_host == "registry.example.com"


def test_a_login_in_a_pasted_url_is_dropped(team) -> None:
    form = form_of(team, host="https://alice:pa55word@registry.example.com/")
    assert form.is_valid()
    assert "pa55word" not in str(form.cleaned_data)


@pytest.mark.parametrize("host", ["", "not a host", "registry.example.com:0", "https://"])
def test_an_invalid_host_is_refused_at_the_field(team, host: str) -> None:
    assert "host" in form_of(team, host=host).errors


def test_the_same_host_twice_is_refused_however_it_is_written(team) -> None:
    assert "already" in str(form_of(team, host="https://index.docker.io/v1/").errors["host"])


def test_a_provider_with_one_host_takes_no_other(team) -> None:
    form = form_of(team, "ghcr", host="evil.example.com")
    assert form.is_valid()
    assert form.cleaned_data["host"] == "ghcr.io"
    assert form.cleaned_data["name"] == "GitHub (GHCR)"


def test_plain_http_needs_the_tick(team) -> None:
    assert "accepts_plain_http" in form_of(team, security="plain_http").errors
    assert form_of(team, security="plain_http", accepts_plain_http="on").is_valid()


def test_an_own_authority_needs_its_certificate(team) -> None:
    assert "ca_certificate" in form_of(team, security="own_ca").errors
    assert "ca_certificate" in form_of(team, security="own_ca", ca_certificate="nonsense").errors
    form = form_of(team, security="own_ca", ca_certificate=f"some words\n{make_authority().pem}")
    assert form.is_valid()
    assert form.cleaned_data["ca_certificate"].startswith("-----BEGIN CERTIFICATE-----")


def test_a_certificate_without_its_choice_is_not_kept(team) -> None:
    form = form_of(team, ca_certificate=make_authority().pem)
    assert form.is_valid()
    assert form.cleaned_data["ca_certificate"] == ""


def test_a_private_key_is_refused_and_not_sent_back(team, client_for, alice) -> None:
    key = make_authority().key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    data = {"host": "registry.example.com", "security": "own_ca", "ca_certificate": key.decode()}
    answer = client_for(alice).post("/registries/add/?provider=private", data)
    assert answer.status_code == 422
    assert "private key" in answer.content.decode()
    assert key.decode().splitlines()[1] not in answer.content.decode()


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", []),
        ("auth.example.com", ["auth.example.com"]),
        (
            "https://auth.example.com/token\n*.tokens.example.com, auth.example.com",
            ["auth.example.com", "*.tokens.example.com"],
        ),
        ("auth.example.com:8443", ["auth.example.com"]),
    ],
)
def test_token_servers_are_names_or_patterns(team, text: str, hosts: list[str]) -> None:
    form = form_of(team, token_hosts=text)
    assert form.is_valid(), form.errors
    assert sorted(form.cleaned_data["token_hosts"]) == sorted(set(hosts))


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "*.com",
        "*auth.example.com",
        "auth.*.example.com",
        "a_b",
        "x" * 300,
        "\n".join(f"a{n}.example" for n in range(30)),
    ],
)
def test_token_servers_that_cover_too_much_are_refused(team, text: str) -> None:
    assert "token_hosts" in form_of(team, token_hosts=text).errors


def test_the_host_is_fixed_while_there_are_credentials_and_says_why(
    team, make_registry, make_credential
) -> None:
    registry = make_registry(host="registry.example.com")
    make_credential(registry)
    form = form_of(team, registry=registry, host="evil.example.com", name="New name")
    assert form.is_valid()
    assert form.cleaned_data["host"] == "registry.example.com"
    assert "never sent to another" in str(form["host"].help_text)


def test_without_credentials_the_host_may_change(team, make_registry) -> None:
    form = form_of(
        team, registry=make_registry(host="registry.example.com"), host="new.example.com"
    )
    assert form.is_valid()
    assert form.cleaned_data["host"] == "new.example.com"


def test_an_ipv6_token_server_is_approved_by_its_address(team) -> None:
    form = form_of(team, token_hosts="[fd00::1]:5001")
    assert form.is_valid(), form.errors

    registry = Registry(
        team=team,
        provider="private",
        host="registry.example.com",
        token_hosts=form.cleaned_data["token_hosts"],
    )

    assert "fd00::1" in registry.approved_token_hosts


# --- the index


def test_a_registry_is_indexed_every_six_hours_by_default(team) -> None:
    form = form_of(team)
    assert form.is_valid()
    assert form.cleaned_data["index_hours"] == 6
    assert RegistryForm(team=team, provider="private")["index_hours"].value() == 6


@pytest.mark.parametrize("hours", [0, 1, 6, 24, 168])
def test_how_often_is_one_of_a_few(team, hours: int) -> None:
    form = form_of(team, index_hours=str(hours))
    assert form.is_valid()
    assert form.cleaned_data["index_hours"] == hours


@pytest.mark.parametrize("text", ["-1", "2", "x", "99999999"])
def test_any_other_interval_is_refused(team, text: str) -> None:
    assert "index_hours" in form_of(team, index_hours=text).errors


def test_an_interval_that_is_not_sent_stays(team, make_registry) -> None:
    row = make_registry(index_hours=0)
    form = form_of(team, registry=row)
    assert form.is_valid()
    assert form.cleaned_data["index_hours"] == 0


@pytest.mark.parametrize("provider", ["docker_hub", "harbor"])
def test_namespaces_are_asked_for_where_lists_go_by_them(team, provider) -> None:
    Registry.objects.filter(team=team).delete()
    form = form_of(team, provider, namespaces="Acme, other\nacme  third/\n")
    assert form.is_valid(), form.errors
    assert form.cleaned_data["namespaces"] == ["acme", "other", "third"]
    assert "one a line" in str(form["namespaces"].help_text).lower()


@pytest.mark.parametrize(
    "provider",
    [provider.name for provider in list_addable_providers() if not provider.namespaces_label],
)
def test_namespaces_are_not_asked_for_elsewhere(team, provider) -> None:
    form = form_of(team, provider, namespaces="acme")
    assert "namespaces" not in form.fields
    assert form.is_valid(), form.errors
    assert form.cleaned_data["namespaces"] == []


def test_a_namespace_copied_with_its_host_is_taken(team) -> None:
    Registry.objects.filter(team=team).delete()
    form = form_of(team, "docker_hub", namespaces="docker.io/acme")
    assert form.is_valid()
    assert form.cleaned_data["namespaces"] == ["acme"]


@pytest.mark.parametrize(
    "text",
    [
        "acme/app",
        "https://hub.docker.com/u/acme",
        "<script>",
        "a..b",
        "../x",
        "x" * 300,
        "library",
        " ".join(f"n{n}" for n in range(101)),
    ],
)
def test_an_invalid_namespace_is_refused(team, text: str) -> None:
    assert "namespaces" in form_of(team, "docker_hub", namespaces=text).errors


def test_a_project_may_be_called_library(team) -> None:
    assert form_of(team, "harbor", namespaces="library").is_valid()


def test_stored_values_are_shown_again(team, make_registry) -> None:
    row = make_registry(provider="harbor", namespaces=["shop", "base"], index_hours=24)
    form = RegistryForm(team=team, provider="harbor", registry=row)
    assert form["namespaces"].value() == "shop\nbase"
    assert form["index_hours"].value() == 24
