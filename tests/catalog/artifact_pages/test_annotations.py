from registry_ui.catalog.artifact_pages.annotations import (
    Setting,
    annotations_of,
    settings_of,
    well_known,
)
from tests.parts.index_rows import digest_of

OCI = "org.opencontainers.image."


def facts_by_label(annotations, labels=()):
    facts = well_known(settings_of(dict(annotations).items()), settings_of(dict(labels).items()))
    return {str(fact.label): fact for fact in facts}


def test_well_known_annotations_have_labels_in_order():
    facts = facts_by_label(
        {
            f"{OCI}source": "https://github.com/x/y",
            f"{OCI}licenses": "MIT",
            "other": "x",
            f"{OCI}unheard-of": "x",
        }
    )

    assert list(facts) == ["Licences", "Source code"]
    assert facts["Source code"].url == "https://github.com/x/y"
    assert facts["Licences"].value == "MIT"


def test_an_annotation_overrides_a_label_of_the_same_name():
    facts = facts_by_label({f"{OCI}version": "2"}, {f"{OCI}version": "1", f"{OCI}vendor": "Acme"})

    assert (facts["Version"].value, facts["Vendor"].value) == ("2", "Acme")


def test_the_base_and_the_time_are_more_than_text():
    digest = digest_of("base")
    facts = facts_by_label(
        {
            f"{OCI}base.name": "alpine:3.20",
            f"{OCI}base.digest": digest,
            f"{OCI}created": "2026-03-01T12:00:00Z",
        }
    )

    assert str(facts["Built on"].reference) == "docker.io/library/alpine:3.20"
    assert facts["Digest of that"].digest == digest
    assert facts["Created"].time.year == 2026


def test_an_invalid_value_is_shown_as_text():
    facts = facts_by_label(
        {
            f"{OCI}base.name": "NOT A NAME",
            f"{OCI}base.digest": "sha256:zz",
            f"{OCI}created": "yesterday",
            f"{OCI}url": "javascript:x",
        }
    )

    assert all(
        not (fact.url or fact.time or fact.digest or fact.reference) for fact in facts.values()
    )
    assert facts["Built on"].value == "NOT A NAME"


def test_an_empty_annotation_is_left_out():
    assert facts_by_label({f"{OCI}vendor": " "}) == {}


def test_an_earlier_source_overrides_a_later_one():
    settings, is_cut = annotations_of(
        {"a": "image"}, {"a": "entry", "b": "entry"}, {"b": "index", "c": "https://example.com"}
    )

    assert settings == [
        Setting("a", "image"),
        Setting("b", "entry"),
        Setting("c", "https://example.com", "https://example.com"),
    ]
    assert not is_cut


def test_too_many_annotations_are_cut():
    settings, is_cut = annotations_of({str(number): "x" * 4000 for number in range(600)})

    assert len(settings) == 500
    assert is_cut
