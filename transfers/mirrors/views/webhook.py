"""The page of a mirror's webhook."""

import uuid

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from registry_ui.accounts.permissions import require_admin
from registry_ui.accounts.requests import TeamRequest

from ..services import webhooks
from .mirror import visible_mirror


@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    """Show the webhook; POST creates a new secret, which only this response shows."""
    mirror = visible_mirror(request, pk)
    require_admin(request.user, mirror)
    mirror_hook, secret = getattr(mirror, "hook", None), ""
    if request.method == "POST":
        mirror_hook, secret = webhooks.create_hook(mirror, request.user)

    address = (
        settings.URL + reverse("mirrors:call", args=[mirror_hook.pk])
        if mirror_hook is not None
        else ""
    )

    return render(
        request,
        "mirrors/hook.html",
        {"mirror": mirror, "hook": mirror_hook, "secret": secret, "address": address},
    )


@require_POST
def remove(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    mirror = visible_mirror(request, pk)
    require_admin(request.user, mirror)
    webhooks.remove_hook(mirror, request.user)
    messages.success(request, _("The webhook is removed: whoever calls it is refused."))
    return redirect("mirrors:detail", mirror.pk)
