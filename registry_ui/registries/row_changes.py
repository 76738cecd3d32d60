"""Parts that the operations on registries and on credentials share."""

import contextlib
import logging
from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from registry_ui.accounts.models import User

logger = logging.getLogger(__name__)


@contextlib.contextmanager
def as_form_error(field: str, message: str) -> Iterator[None]:
    """Raise a ValidationError for a value that was taken after the form was checked."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as exc:
        raise ValidationError({field: message}) from exc


def log_change(user: User | None, what: str, *arguments: str) -> None:
    logger.info("%s " + what, user.get_username() if user else "The command line", *arguments)
