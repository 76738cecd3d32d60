"""Pages of notification channels. An address is write-only."""

import uuid
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import needs_role, require_admin
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError
from transfers.forms.base import sentence
from transfers.mirrors.notifications.queue import NOTICES
from transfers.mirrors.views.polling import STOP_POLLING, is_fragment

from ..models.notice import Notice, NotificationChannel
from . import services
from .addresses import SERVICES, SERVICES_BY_SCHEME
from .forms import ChannelForm

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@dataclass
class ListedChannel:
    """A channel with its latest notice."""

    channel: NotificationChannel

    @property
    def service(self) -> str:
        return str(SERVICES_BY_SCHEME[self.channel.scheme].title)

    @cached_property
    def latest(self) -> Notice | None:
        return self.channel.notices.order_by("-created_at").first()

    @property
    def is_on_its_way(self) -> bool:
        return self.latest is not None and not self.latest.is_terminal


@require_safe
def channels(request: TeamRequest) -> HttpResponse:
    rows = NotificationChannel.objects.filter(team=request.team).prefetch_related("mirrors")
    listed = [ListedChannel(row) for row in rows]

    # The page polls only while a test message is in delivery.
    is_live = any(channel.is_on_its_way for channel in listed)
    context = {
        "channels": listed,
        "is_live": is_live,
        "trouble": NOTICES.problem() if is_live else "",
        "may_edit": request.role is not None and request.role.allows(Role.ADMIN),
    }

    if is_fragment(request):
        return render(
            request, "mirrors/channels.html#rows", context, status=200 if is_live else STOP_POLLING
        )

    return render(request, "mirrors/channels.html", context)


@sensitive_post_parameters("address")
@_form_methods
@needs_role(Role.ADMIN)
def add(request: TeamRequest) -> HttpResponse:
    assert request.team is not None  # needs_role has refused everybody without one.
    return _form(
        request, ChannelForm(request.POST if request.method == "POST" else None, team=request.team)
    )


@sensitive_post_parameters("address")
@_form_methods
def edit(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    channel = _visible(request, pk)
    require_admin(request.user, channel)
    return _form(
        request,
        ChannelForm(
            request.POST if request.method == "POST" else None, team=channel.team, channel=channel
        ),
    )


def _form(request: TeamRequest, form: ChannelForm) -> HttpResponse:
    if form.is_valid() and _save(request, form):
        return redirect("mirrors:channels")
    context = {"form": form, "channel": form.channel, "services": SERVICES}
    return render(
        request, "mirrors/channel_form.html", context, status=422 if form.is_bound else 200
    )


def _save(request: TeamRequest, form: ChannelForm) -> bool:
    values = form.cleaned_data

    # The same values for a new channel and a changed one.
    values_to_save = {"user": request.user, "name": values["name"], "address": values["address"]}
    try:
        if form.channel is None:
            services.add_channel(team=form.team, **values_to_save)
        else:
            services.change_channel(channel=form.channel, **values_to_save)
    except OciError as exc:
        form.add_error("address", sentence(exc))
        return False
    except ValidationError as exc:
        form.add_error(None, exc)
        return False

    messages.success(
        request,
        _("The channel “%(name)s” is saved. Send a test to see whether it works.")
        % {"name": values["name"]},
    )

    return True


@require_POST
def test(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    channel = _visible(request, pk)
    require_admin(request.user, channel)
    services.test_channel(channel=channel, user=request.user)
    messages.info(request, _("A test is on its way to “%(name)s”.") % {"name": channel.name})
    return redirect("mirrors:channels")


@_form_methods
def remove(request: TeamRequest, pk: uuid.UUID) -> HttpResponse:
    channel = _visible(request, pk)
    require_admin(request.user, channel)
    if request.method != "POST":
        return render(
            request,
            "mirrors/channel_remove.html",
            {"channel": channel, "mirrors": channel.mirrors.order_by("name")},
        )

    # The name is gone after the deletion.
    name = channel.name
    services.remove_channel(channel=channel, user=request.user)
    messages.success(request, _("The channel “%(name)s” is removed.") % {"name": name})
    return redirect("mirrors:channels")


def _visible(request: TeamRequest, pk: uuid.UUID) -> NotificationChannel:
    # Outsiders get 404, as for an unknown channel.
    return get_object_or_404(
        NotificationChannel.objects.visible_to(request.user).select_related("team"), pk=pk
    )
