import pytest
from django.urls import reverse

from registry_ui.registries.hosts import read_host
from registry_ui.registries.models import Registry
from tests.parts.certificates import make_authority

NEW = {"host": "registry.example.com", "name": "Ours", "security": "verify"}
ADD = "/registries/add/?provider=private"


def url(view: str, registry) -> str:
    return reverse(f"registries:{view}", args=[registry.pk])


@pytest.fixture
def ours(make_registry, registry):
    return make_registry(registry, name="Ours")


# --- seeing


def test_everybody_in_the_team_sees_its_registries(client_for, alice, bob, victor, ours) -> None:
    for person in (alice, bob, victor):
        page = client_for(person).get(reverse("registries:list")).content.decode()
        assert "Ours" in page
        assert "Docker Hub" in page
        assert client_for(person).get(url("detail", ours)).status_code == 200


def test_an_outsider_gets_404_everywhere(client_for, charlie, ours) -> None:
    client = client_for(charlie)
    assert "Ours" not in client.get(reverse("registries:list")).content.decode()
    for view in ("detail", "edit", "remove", "credential_add"):
        assert client.get(url(view, ours)).status_code == 404
    for view in ("edit", "remove", "test_connection", "credential_add"):
        assert client.post(url(view, ours), NEW).status_code == 404
    assert Registry.objects.filter(pk=ours.pk, name="Ours").exists()


def test_an_anonymous_user_is_sent_to_the_sign_in_page(client, ours) -> None:
    for view in ("detail", "edit", "remove", "credential_add"):
        assert client.get(url(view, ours)).status_code == 302


def test_a_user_without_a_team_sees_an_explanation(client_for, team, bob) -> None:
    bob.memberships.all().delete()
    assert "in no team yet" in client_for(bob).get(reverse("registries:list")).content.decode()


def test_the_list_is_ordered_by_name(client_for, alice, make_registry) -> None:
    for name in ("zebra", "Apple", "mango"):
        make_registry(name=name, host=f"{name.lower()}.example.com")
    page = client_for(alice).get(reverse("registries:list")).content.decode()
    assert (
        page.index("Apple") < page.index("Docker Hub") < page.index("mango") < page.index("zebra")
    )


def test_an_empty_list_says_what_belongs_there(client_for, alice, team) -> None:
    team.registries.all().delete()
    page = client_for(alice).get(reverse("registries:list")).content.decode()
    assert "No registries yet" in page
    assert reverse("registries:add") in page


# --- roles


def test_readers_and_operators_may_not_change_anything(client_for, bob, victor, ours) -> None:
    for person in (bob, victor):
        client = client_for(person)
        assert client.get(ADD).status_code == 403
        assert client.post(ADD, NEW).status_code == 403
        for view in ("edit", "remove", "credential_add"):
            assert client.get(url(view, ours)).status_code == 403
            assert client.post(url(view, ours), NEW).status_code == 403
    assert Registry.objects.filter(pk=ours.pk, name="Ours").exists()
    assert not Registry.objects.filter(host=NEW["host"]).exists()


def test_a_reader_sees_no_buttons_that_would_fail(client_for, victor, ours) -> None:
    page = client_for(victor).get(url("detail", ours)).content.decode()
    for view in ("edit", "remove", "credential_add", "test_connection"):
        assert url(view, ours) not in page


def test_a_reader_may_not_even_test_the_connection(client_for, victor, bob, ours) -> None:
    assert client_for(victor).post(url("test_connection", ours)).status_code == 403
    assert client_for(bob).post(url("test_connection", ours)).status_code == 302


# --- adding


def test_the_tiles_lead_to_a_form_for_each_provider(client_for, alice, team) -> None:
    client = client_for(alice)
    page = client.get(reverse("registries:add")).content.decode()
    for provider in ("aliyun_acr", "tencent_tcr", "aws_ecr", "harbor", "ghcr", "private"):
        assert f"?provider={provider}" in page
        assert client.get(f"{reverse('registries:add')}?provider={provider}").status_code == 200
    assert "Is there already" in page
    assert "registry.cn-hangzhou.aliyuncs.com" in page


def test_adding_tests_the_connection_and_shows_it_stage_by_stage(
    client_for, alice, team, tls_registry
) -> None:
    data = {
        "host": f"https://{tls_registry.host}/v2/",
        "security": "own_ca",
        "ca_certificate": tls_registry.ca_pem,
    }
    answer = client_for(alice).post(ADD, data, follow=True)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.count('data-state="done"') == 5
    assert "Only the host of what you entered was kept" in page
    assert Registry.objects.get(host=tls_registry.host).team == team


def test_a_registry_that_does_not_answer_is_added_all_the_same_with_advice(
    client_for, alice
) -> None:
    page = (
        client_for(alice)
        .post(ADD, {"host": "127.0.0.1:1", "security": "verify"}, follow=True)
        .content.decode()
    )
    assert "What to do:" in page
    assert 'data-state="failed"' in page


def test_a_wrong_form_comes_back_with_its_errors(client_for, alice) -> None:
    answer = client_for(alice).post(ADD, {**NEW, "host": "not a host"})
    assert answer.status_code == 422
    assert "is not a registry" in answer.content.decode()


def test_an_unknown_provider_shows_the_tiles_again(client_for, alice) -> None:
    assert (
        "Which kind is it?"
        in client_for(alice).get(f"{reverse('registries:add')}?provider=evil").content.decode()
    )


def test_a_host_in_the_address_chooses_its_form(client_for, alice) -> None:
    page = (
        client_for(alice)
        .get(f"{reverse('registries:add')}?host=registry.cn-hangzhou.aliyuncs.com")
        .content.decode()
    )
    assert "Add: Aliyun ACR" in page
    assert 'value="registry.cn-hangzhou.aliyuncs.com"' in page


def test_forged_fields_are_ignored(client_for, alice, team, other_team) -> None:
    data = {
        **NEW,
        "host": "127.0.0.1:1",
        "team": other_team.pk,
        "health": "healthy",
        "provider": "docker_hub",
        "created_by": 1,
        "id": team.pk,
    }
    client_for(alice).post(ADD, data)
    added = Registry.objects.get(host="127.0.0.1:1")
    assert (added.team, added.provider, added.health, added.created_by) == (
        team,
        "private",
        "failing",
        alice,
    )


# --- checking


def test_the_check_is_a_fragment_for_htmx_and_a_page_without(client_for, bob, ours, htmx) -> None:
    client = client_for(bob)
    fragment = client.post(url("test_connection", ours), headers=htmx).content.decode()
    assert fragment.strip().startswith("<section")
    assert "A registry answers" in fragment
    answer = client.post(url("test_connection", ours))
    assert answer.url == url("detail", ours)
    assert "A registry answers" in client.get(answer.url).content.decode()


def test_a_check_that_failed_shows_advice_in_both_ways(
    client_for, alice, make_registry, htmx
) -> None:
    row = make_registry(host="127.0.0.1:1")
    client = client_for(alice)
    assert "What to do:" in client.post(url("test_connection", row), headers=htmx).content.decode()
    assert "What to do:" in client.post(url("test_connection", row), follow=True).content.decode()


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_the_check_is_only_posted(client_for, alice, ours, method: str) -> None:
    assert getattr(client_for(alice), method)(url("test_connection", ours)).status_code == 405


def test_other_methods_are_refused(client_for, alice, ours) -> None:
    client = client_for(alice)
    assert client.post(reverse("registries:list")).status_code == 405
    assert client.post(url("detail", ours)).status_code == 405
    assert client.put(url("edit", ours)).status_code == 405
    assert client.delete(url("remove", ours)).status_code == 405


# --- editing and removing


def test_the_settings_are_changed_and_the_connection_tested_again(
    client_for, alice, ours, registry
) -> None:
    data = {
        "host": ours.host,
        "name": "Renamed",
        "security": "own_ca",
        "ca_certificate": make_authority().pem,
    }
    page = client_for(alice).post(url("edit", ours), data, follow=True).content.decode()
    ours.refresh_from_db()
    assert (ours.name, ours.security, ours.health) == ("Renamed", "own_ca", "failing")
    assert "Renamed is changed." in page


def test_the_indexing_settings_are_changed_on_the_page(client_for, alice, make_registry) -> None:
    row = make_registry(provider="harbor", host="harbor.example.com")
    client = client_for(alice)
    page = client.get(url("edit", row)).content.decode()
    assert "Projects to list" in page
    assert "Look at its contents" in page
    client.post(
        url("edit", row),
        {
            "name": "Harbor",
            "host": row.host,
            "security": "verify",
            "index_hours": "24",
            "namespaces": "shop\nbase",
        },
    )
    row.refresh_from_db()
    assert (row.index_hours, row.namespaces) == (24, ["shop", "base"])


def test_only_providers_with_namespaces_show_their_field(client_for, alice, ours) -> None:
    assert 'name="namespaces"' not in client_for(alice).get(url("edit", ours)).content.decode()


def test_the_host_stays_while_there_are_credentials(
    client_for, alice, ours, make_credential
) -> None:
    make_credential(ours)
    client = client_for(alice)
    assert "never sent to another" in client.get(url("edit", ours)).content.decode()
    client.post(
        url("edit", ours),
        {
            "host": "evil.example.com",
            "security": "plain_http",
            "accepts_plain_http": "on",
            "name": "Ours",
        },
    )
    host = ours.host
    ours.refresh_from_db()
    assert ours.host == host


def test_removing_names_the_credentials_that_go_with_it(
    client_for, alice, ours, make_credential
) -> None:
    make_credential(ours, label="Publishing robot")
    client = client_for(alice)
    assert "Publishing robot" in client.get(url("remove", ours)).content.decode()
    assert Registry.objects.filter(pk=ours.pk).exists()
    answer = client.post(url("remove", ours))
    assert answer.url == reverse("registries:list")
    assert not Registry.objects.filter(pk=ours.pk).exists()


def test_a_registry_removed_while_its_form_is_open_is_reported(
    client_for, alice, ours, monkeypatch
) -> None:
    def read(text: str):
        Registry.objects.filter(pk=ours.pk).delete()
        return read_host(text)

    monkeypatch.setattr("registry_ui.registries.forms.read_host", read)
    answer = client_for(alice).post(
        url("edit", ours), {"host": ours.host, "name": "x", "security": "verify"}
    )
    assert answer.status_code == 422
    assert "was removed meanwhile" in answer.content.decode()


def test_every_change_needs_the_csrf_token(client_for, alice, ours) -> None:
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    for address in (
        ADD,
        url("edit", ours),
        url("remove", ours),
        url("test_connection", ours),
        url("credential_add", ours),
    ):
        assert client.post(address, NEW).status_code == 403
    assert Registry.objects.filter(pk=ours.pk).exists()


def test_names_are_inert_in_the_page(client_for, alice, make_registry) -> None:
    row = make_registry(name="<script>alert(1)</script>")
    for address in (
        reverse("registries:list"),
        url("detail", row),
        url("edit", row),
        url("remove", row),
    ):
        assert "<script>alert" not in client_for(alice).get(address).content.decode()
