"""The texts of an error."""

from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Text:
    """The sentence and the advice of one code.

    Placeholders such as `%(host)s` stand for the error's parameters, and for those that
    `parameters.py` derives from them.

    Args:
        sentence: what failed, and why.
        advice: what to do; None for the general advice of the error's kind.
        provider_advice: a member of `providers.provider.Advice`: the sentence of the registry's
            provider that `%(provider_advice)s` stands for. It is the whole advice if there is no
            other.
    """

    sentence: str | Promise
    advice: str | Promise | None = None
    provider_advice: str = ""
