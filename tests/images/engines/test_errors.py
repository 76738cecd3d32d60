"""Errors of engines: their own words, with advice that fits."""

import pytest

from registry_ui.images.engines.errors import engine_failure
from registry_ui.web.errors import describe


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("http: server gave HTTP response to HTTPS client", "insecure-registries"),
        ("x509: certificate signed by unknown authority", "certs.d"),
        ("unauthorized: authentication required", "another credential"),
        ("toomanyrequests: You have reached your pull rate limit", "limits"),
        ("write /var/lib: no space left on device", "disk is full"),
        ("something new", "log"),
    ],
)
def test_the_engines_words_decide_the_advice(text, advice):
    error = engine_failure("build", text)

    assert text in describe(error).sentence
    assert "build" in describe(error).sentence
    assert advice in describe(error).advice


def test_a_long_text_is_cut():
    assert len(describe(engine_failure("build", "x" * 5000)).sentence) < 600
