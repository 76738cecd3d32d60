import pytest

from registry_ui.providers.catalogue import PROVIDERS
from registry_ui.providers.provider import PushedTag
from registry_ui.providers.webhooks import list_setups, read_pushes


def event(tag, action="push"):
    return {"action": action, "target": {"repository": "shop/api", "tag": tag}}


def test_the_format_tells_the_provider():
    harbor = {
        "type": "PUSH_ARTIFACT",
        "event_data": {
            "repository": {"repo_full_name": "shop/api"},
            "resources": [{"tag": "1.0"}],
        },
    }
    for document in (harbor, {"events": [event("1.0")]}):
        assert read_pushes(document, PROVIDERS) == [PushedTag("shop/api", "1.0")]


def test_pushes_are_distinct_and_limited():
    repeated = {"events": [event("1.0")] * 3 + [event("1.1")]}
    assert [push.tag for push in read_pushes(repeated, PROVIDERS)] == ["1.0", "1.1"]
    many = {"events": [event(str(number)) for number in range(2000)]}
    assert len(read_pushes(many, PROVIDERS)) == 1000


def test_a_known_format_without_a_push_has_none():
    assert read_pushes({"events": [event("1.0", "pull"), 5, {"target": 1}]}, PROVIDERS) == []


@pytest.mark.parametrize("document", [{}, [], "text", None, {"events": {}}, {"event_data": 1}])
def test_another_document_is_refused(document):
    with pytest.raises(ValueError, match="known"):
        read_pushes(document, PROVIDERS)


def test_each_provider_with_webhooks_has_its_setup():
    setups = {
        setup.provider.name: setup
        for setup in list_setups(PROVIDERS, "https://ui.example/hook", "s3cret")
    }
    assert str(setups["harbor"].provider.webhook_help).endswith("a space and the secret.")
    assert "url: https://ui.example/hook\n" in setups["private"].configuration
    assert "[Bearer s3cret]" in setups["private"].configuration
    assert all(setup.provider.webhook_format for setup in setups.values())
    assert "ghcr" not in setups
