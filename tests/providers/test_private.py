from registry_ui.providers.private import PrivateRegistry
from registry_ui.providers.provider import PushedTag


def test_the_push_of_a_manifest_has_a_tag_and_that_of_a_blob_none():
    events = [
        {"action": "push", "target": {"repository": "shop/api", "tag": "1.0"}},
        {"action": "push", "target": {"repository": "shop/api", "digest": "sha256:1"}},
        {"action": "delete", "target": {"repository": "shop/api", "tag": "0.9"}},
    ]
    assert list(PrivateRegistry().read_webhook({"events": events})) == [
        PushedTag("shop/api", "1.0")
    ]
    assert PrivateRegistry().read_webhook({"event_data": {}}) is None


def test_it_has_a_general_sentence_for_every_kind_of_refusal():
    advice = PrivateRegistry.advice
    assert all(str(getattr(advice, name)) for name in advice.__dataclass_fields__)
