"""What is sent by e-mail, where it is configured."""

import logging
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from .models import Invitation

logger = logging.getLogger(__name__)


def send_invitation(invitation: Invitation, link: str) -> bool:
    """Whether the mail server took it. The link is good in any case."""
    words = {"invitation": invitation, "link": link}
    # A subject is one line, whatever a team is called.
    subject = " ".join((_("Join %(team)s on Registry UI") % {"team": invitation.team.name}).split())
    message = EmailMessage(
        subject,
        render_to_string("accounts/invitation_mail.txt", words),
        settings.DEFAULT_FROM_EMAIL,
        [invitation.email],
    )
    try:
        return bool(message.send())
    except (SMTPException, OSError) as exc:
        logger.warning("Invitation %s was not sent: %s.", invitation.pk, type(exc).__name__)
        return False
