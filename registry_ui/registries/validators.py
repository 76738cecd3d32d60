from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry_ui.oci.redaction import one_line


def validate_printable(text: str) -> None:
    if text != one_line(text):
        raise ValidationError(
            _("Leave out control characters and marks that turn the direction of the text.")
        )
