"""The one place where an error becomes a sentence and advice, in the reader's language."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from registry_ui.oci.errors import OciError
from registry_ui.providers.catalogue import PROVIDERS

from . import (
    archive,
    builtin,
    connection,
    content,
    credential,
    engine,
    job,
    mirror,
    reference,
    response,
    storage,
)
from .kinds import KINDS, UNKNOWN
from .parameters import Parameters
from .text import Text

logger = logging.getLogger(__name__)

TEXTS: dict[str, Text] = {
    **reference.TEXTS,
    **connection.TEXTS,
    **response.TEXTS,
    **content.TEXTS,
    **archive.TEXTS,
    **storage.TEXTS,
    **engine.TEXTS,
    **credential.TEXTS,
    **job.TEXTS,
    **mirror.TEXTS,
    **builtin.TEXTS,
    **{
        code: Text(sentence, advice)
        for provider in PROVIDERS
        for code, (sentence, advice) in provider.error_texts.items()
    },
}


@dataclass(frozen=True, slots=True)
class ErrorText:
    """The texts about one error. `str` joins them.

    Args:
        sentence: what failed, and why.
        advice: what to do; may be empty.
    """

    sentence: str = ""
    advice: str = ""

    def __str__(self) -> str:
        return f"{self.sentence} {self.advice}".strip()


def describe(error: OciError | Mapping[str, Any] | str | None) -> ErrorText:
    """Return the texts about an error, or about one that a row holds; empty for None."""
    if not error:
        return ErrorText()
    if isinstance(error, str):
        # Audit events can never be changed: one that holds a sentence is shown as it is.
        return ErrorText(error)
    stored = error.stored() if isinstance(error, OciError) else error
    code, kind = str(stored.get("code", "")), str(stored.get("kind", ""))
    values = {"code": code, **(stored.get("parameters") or {})}

    general = KINDS.get(kind, UNKNOWN)
    text = TEXTS.get(code)
    if text is not None:
        try:
            return _filled_in(text, general, values)
        except (TypeError, ValueError, KeyError, AttributeError):
            # A row can be older than its text, and hold other parameters.
            logger.exception("The text of %s does not fit its parameters.", code)
    return _filled_in(general, general, {"code": code})


def _filled_in(text: Text, general: Text, values: Mapping[str, Any]) -> ErrorText:
    parameters = Parameters(values, text.provider_advice, _describe_cause)
    advice = text.advice
    if advice is None:
        advice = "%(provider_advice)s" if text.provider_advice else None

    filled = str(advice) % parameters if advice else ""
    # An empty advice of a text is meant so; one that turns out empty is not.
    if not filled and advice != "":
        filled = str(general.advice)
    return ErrorText(str(text.sentence) % parameters, filled.strip())


def _describe_cause(cause: Any) -> tuple[str, str]:
    described = describe(cause)
    return described.sentence, described.advice
