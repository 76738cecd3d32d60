"""E-mail messages."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from .models import Invitation

logger = logging.getLogger(__name__)


def send_invitation(invitation: Invitation, link: str) -> bool:
    """Send the link and return whether the mail server accepted the message.

    The link works in any case.
    """
    context = {"invitation": invitation, "link": link}
    subject = _("Join %(team)s on Registry UI") % {"team": invitation.team.name}
    message = EmailMessage(
        # Django refuses a subject with a line break, and a team's name may have one.
        " ".join(subject.split()),
        render_to_string("accounts/invitation_mail.txt", context),
        settings.DEFAULT_FROM_EMAIL,
        [invitation.email],
    )

    try:
        return bool(message.send())
    # SMTP errors may quote the recipient and the server's answer, so only their type is logged.
    except (SMTPException, OSError) as exc:
        logger.warning("Invitation %s was not sent: %s.", invitation.pk, type(exc).__name__)
        return False
