"""Tests of the fragment below a reference field: valid, incomplete and hostile names."""

import re

import pytest
from django import forms
from django.template import Context, Template
from hypothesis import given
from hypothesis import strategies as st

from registry_ui.web.reference_analysis import analyse_reference

DIGEST = "sha256:" + "ab" * 32
HOSTILE = [
    '"><script>alert(1)</script>',
    "<img src=x onerror=alert(1)>",
    "nginx:{{ 7|add:7 }}{% debug %}",
    "javascript:alert(1)",
    "nginx:\u202egnp.exe",
    "ngi\x00nx",
    "a" * 4000,
    "a/" * 2000,
    ":" * 4000,
    "@" * 4000,
    "<b>" * 1300,
]


def parts(text, use="pull"):
    return [
        (part.kind, part.text, part.implied, part.wrong)
        for part in analyse_reference(text, use).parts
    ]


def spelled(text):
    return "".join(part.text + part.separator for part in analyse_reference(text).parts)


def kinds(text):
    return {part.kind: part.text for part in analyse_reference(text).parts}


def fragment(client, text, use="pull"):
    response = client.get(
        "/reference/", {"reference": text, "use": use}, headers={"HX-Request": "true"}
    )
    assert response.status_code == 200
    return response.content.decode()


# --- what it takes apart


def test_missing_parts_are_shown_as_implied():
    assert parts("nginx") == [
        ("registry", "docker.io", True, False),
        ("namespace", "library", True, False),
        ("repository", "nginx", False, False),
        ("tag", "latest", True, False),
    ]


@pytest.mark.parametrize(
    ("text", "registry", "namespace", "repository", "tag"),
    [
        ("johndoe/my-app:v1.0", "docker.io", "johndoe", "my-app", "v1.0"),
        (
            "registry.cn-hangzhou.aliyuncs.com/my-company/my-app:prod-2023",
            "registry.cn-hangzhou.aliyuncs.com",
            "my-company",
            "my-app",
            "prod-2023",
        ),
        (
            "my-company.tencentcloudcr.com/team/app:1",
            "my-company.tencentcloudcr.com",
            "team",
            "app",
            "1",
        ),
        (
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/app:1.2.3",
            "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
            "team",
            "app",
            "1.2.3",
        ),
        (
            "harbor.example.com/project/sub/app:1.0",
            "harbor.example.com",
            "project/sub",
            "app",
            "1.0",
        ),
        ("ghcr.io/acme/app:sha-4f2a9c1", "ghcr.io", "acme", "app", "sha-4f2a9c1"),
        ("localhost/team/app:1", "localhost", "team", "app", "1"),
        ("[::1]:5000/team/app:1", "[::1]:5000", "team", "app", "1"),
    ],
)
def test_the_names_of_every_provider_are_taken_apart(text, registry, namespace, repository, tag):
    assert kinds(text) == {
        "registry": registry,
        "namespace": namespace,
        "repository": repository,
        "tag": tag,
    }
    assert analyse_reference(text).message == ""


def test_a_registry_may_have_a_repository_without_a_namespace():
    assert kinds("registry.example.com:5000/app") == {
        "registry": "registry.example.com:5000",
        "repository": "app",
        "tag": "latest",
    }


@pytest.mark.parametrize(
    "text", ["nginx", "ghcr.io/a/b/c:1", f"nginx@{DIGEST}", f"localhost:5000/x:1@{DIGEST}"]
)
def test_parts_and_their_marks_spell_the_reference_in_full(text):
    assert spelled(text) == str(analyse_reference(text).reference)


@pytest.mark.parametrize(
    "text",
    [
        "Acme/App:1.0",
        "nginx:",
        "ghcr.io/acme/",
        "a//b",
        "host:99999/app",
        "nginx@sha256:12",
        ":1.0",
    ],
)
def test_an_invalid_name_keeps_its_parts_and_has_advice(text):
    analysis = analyse_reference(text)
    assert analysis.reference is None
    assert analysis.message
    assert analysis.advice
    assert any(part.wrong for part in analysis.parts)


def test_only_the_part_at_fault_is_marked():
    assert parts("ghcr.io/acme/My-App:1.0") == [
        ("registry", "ghcr.io", False, False),
        ("namespace", "acme", False, False),
        ("repository", "My-App", False, True),
        ("tag", "1.0", False, False),
    ]


@given(st.text(max_size=300))
def test_no_text_breaks_it(text):
    analysis = analyse_reference(text)
    assert isinstance(analysis.screen_reader_text, str)
    assert bool(analysis.reference) != bool(analysis.message) or not text.strip()


# --- what it says


def titles(text, use):
    return [(note.level, note.title) for note in analyse_reference(text, use).notes]


def test_latest_warns_in_a_push_and_informs_in_a_pull():
    assert titles("ghcr.io/acme/app:latest", "push") == [
        ("warn", "latest says nothing about the version.")
    ]
    assert titles("ghcr.io/acme/app:latest", "pull") == [
        ("info", "latest says nothing about the version.")
    ]
    assert titles("ghcr.io/acme/app", "push") == [
        ("warn", "No tag is written, so it means latest.")
    ]
    assert (
        "next push takes the name away"
        in analyse_reference("ghcr.io/acme/app", "push").notes[0].text
    )


def test_a_push_of_an_official_name_says_that_the_account_is_missing():
    assert (
        "warn",
        "On Docker Hub a name without a namespace is an official image, which only Docker pushes.",
    ) in titles("my-app:1.0.0", "push")
    assert "johndoe/my-app" in analyse_reference("my-app:1.0.0", "push").notes[0].text
    assert titles("my-app:1.0.0", "pull") == []


def test_a_full_version_needs_no_note():
    assert (
        titles("ghcr.io/acme/app:1.2.3", "push") == titles("ghcr.io/acme/app:1.2.3", "pull") == []
    )


def test_a_moving_name_informs_in_a_pull_and_in_a_push():
    assert titles("python:3.9-slim", "pull") == [
        ("info", "It moves to each newer release of its line; two pulls may differ.")
    ]
    assert titles("ghcr.io/acme/app:1", "push")[0][0] == "info"


@pytest.mark.parametrize(
    ("text", "movement"),
    [
        ("nginx", "floating"),
        ("nginx:1.27.3", "pinned"),
        (f"nginx@{DIGEST}", "immutable"),
        (f"nginx:1@{DIGEST}", "immutable"),
        ("a/b:login", "unknown"),
    ],
)
def test_only_a_digest_never_changes(text, movement):
    assert analyse_reference(text).movement == movement


def test_the_sentence_for_screen_readers_names_parts_and_warnings():
    assert analyse_reference("nginx").screen_reader_text == (
        "registry docker.io (implied), namespace library (implied), repository nginx, "
        "tag latest (implied)"
    )
    assert analyse_reference("ghcr.io/a/b", "push").screen_reader_text.endswith(
        "No tag is written, so it means latest."
    )


# --- the fragment


def test_the_fragment_shows_the_parts_the_whole_and_the_explanation(client_for, alice):
    html = fragment(client_for(alice), "python:3.9-slim")
    assert "docker.io/library/python:3.9-slim" in html
    assert html.count("implied</em>") == 2
    assert "documentation and tools removed" in html
    assert "Production in general" in html
    assert "analysis-note-info" in html


def test_the_fragment_warns_of_latest_in_a_push(client_for, alice):
    assert "analysis-note-warn" in fragment(client_for(alice), "ghcr.io/acme/app", "push")
    assert "analysis-note-warn" not in fragment(client_for(alice), "ghcr.io/acme/app", "pull")


def test_the_fragment_takes_the_text_under_the_fields_own_name(client_for, alice):
    response = client_for(alice).get(
        "/reference/", {"field": "source", "source": "redis:7"}, headers={"HX-Request": "true"}
    )
    assert "docker.io/library/redis:7" in response.content.decode()


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:20]))
def test_hostile_input_is_inert(client_for, alice, text):
    html = fragment(client_for(alice), text)
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html
    assert ("{% debug %}" in html) == ("debug" in text)
    assert len(html) < 12_000


def test_without_a_text_it_shows_an_example(client_for, alice):
    assert "As you type" in fragment(client_for(alice), "")


def test_an_unknown_use_counts_as_a_pull(client_for, alice):
    assert "analysis-note-warn" not in fragment(client_for(alice), "ghcr.io/acme/app", "<b>")


def test_without_htmx_it_leads_to_the_guide(client_for, alice):
    response = client_for(alice).get("/reference/", {"reference": "redis:7&x=1"})
    assert response.status_code == 302
    assert response.headers["Location"] == "/guide/?reference=redis%3A7%26x%3D1#naming"


def test_it_takes_no_post(client_for, alice):
    assert client_for(alice).post("/reference/").status_code == 405


def test_an_anonymous_user_is_sent_to_sign_in(client, db):
    assert client.get("/reference/", {"reference": "nginx"}).status_code == 302


# --- the field


class PushForm(forms.Form):
    target = forms.CharField(help_text="Where to.")


def rendered(form, use="push"):
    source = '{% load reference_field %}{% reference_field form.target use="' + use + '" %}'
    return Template(source).render(Context({"form": form}))


def test_the_field_asks_for_its_analysis_as_one_types():
    html = rendered(PushForm())
    assert 'hx-get="/reference/?use=push&amp;field=target"' in html
    assert 'hx-target="#id_target_analysis"' in html
    assert 'id="id_target_analysis"' in html
    assert "delay:200ms" in html
    assert 'aria-live="polite"' in html
    assert "Where to." in html


def test_a_form_that_is_shown_again_has_the_analysis_without_javascript():
    html = rendered(PushForm({"target": "ghcr.io/acme/app"}))
    assert re.search(r"part-registry.*?ghcr\.io", html, re.DOTALL)
    assert "analysis-note-warn" in html


def test_an_error_of_the_form_is_not_repeated():
    form = PushForm({"target": "ghcr.io/Acme/app"})
    form.add_error("target", "“Acme” has upper-case letters.")
    html = rendered(form)
    assert (
        html.count("upper-case") == 2
    )  # the form's error, and the hidden sentence for screen readers
    assert "analysis-invalid" in html
    assert "analysis-problem" not in html


def test_the_value_of_the_field_is_escaped():
    html = rendered(PushForm({"target": '"><script>alert(1)</script>'}))
    assert "<script" not in html
