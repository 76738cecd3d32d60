"""Pages of one-time links: setting up the installation and joining a team."""

from typing import cast
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, login
from django.contrib.auth.decorators import login_not_required
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from .. import services
from ..forms import SetupForm
from ..member_forms import JoinForm
from ..middleware import SESSION_KEY
from ..models import Invitation, Membership, User

_BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@login_not_required
@sensitive_post_parameters("password", "repeated")
@require_http_methods(["GET", "HEAD", "POST"])
def setup(request: HttpRequest, token: str) -> HttpResponse:
    if not services.is_valid_setup_token(token):
        # Every wrong link gets the same answer, also after the setup.
        raise Http404

    form = SetupForm(request.POST or None)
    if not form.is_valid():
        return render(
            request, "accounts/setup.html", {"form": form}, status=422 if form.is_bound else 200
        )

    values = form.cleaned_data
    try:
        user = services.create_first_administrator(
            token=token,
            username=values["username"],
            email=values["email"],
            password=values["password"],
            team_name=values["team_name"],
        )
    except services.SetupRefused as exc:
        raise Http404 from exc

    login(request, user, backend=_BACKEND)
    messages.success(request, _("Welcome. This installation is yours now."))
    return redirect("web:overview")


@login_not_required
@sensitive_post_parameters("password", "repeated")
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Join a team by a link; every invalid link gets the same page."""
    invitation = services.open_invitation(token)
    if invitation is None:
        return _gone(request)
    try:
        if request.user.is_authenticated:
            return _join_with_account(request, token, invitation)
        return _join_as_new_person(request, token, invitation)
    # Another request accepted it after the check above.
    except services.InvitationGone:
        return _gone(request)


def _join_with_account(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    person = cast(User, request.user)
    member = Membership.objects.filter(team=invitation.team, user=person).first()
    # A GET never accepts: mail scanners and chat previews open links.
    if request.method != "POST" or member is not None:
        return render(request, "accounts/join.html", {"invitation": invitation, "member": member})
    membership = services.accept(token=token, user=person)
    return _welcome(request, membership)


def _join_as_new_person(request: HttpRequest, token: str, invitation: Invitation) -> HttpResponse:
    form = JoinForm(request.POST or None, invitation=invitation)
    if form.is_valid():
        values = form.cleaned_data
        try:
            membership = services.accept_as_new_person(
                token=token,
                username=values["username"],
                email=values["email"],
                password=values["password"],
            )
        # Another request took the name after the form had looked; the link is still valid.
        except IntegrityError:
            form.add_error("username", _("Somebody has just taken this name."))
        else:
            login(request, membership.user, backend=_BACKEND)
            return _welcome(request, membership)

    sign_in = f"{reverse('account_login')}?{urlencode({REDIRECT_FIELD_NAME: request.path})}"
    context = {"invitation": invitation, "form": form, "sign_in": sign_in}
    return render(request, "accounts/join_new.html", context, status=422 if form.is_bound else 200)


def _welcome(request: HttpRequest, membership: Membership) -> HttpResponse:
    # The new team is the current one on the next page.
    request.session[SESSION_KEY] = membership.team_id
    messages.success(request, _("Welcome to the team %(team)s.") % {"team": membership.team.name})
    return redirect("web:overview")


def _gone(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/join_gone.html", status=404)
