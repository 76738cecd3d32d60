"""Pages of API tokens: a person's own, and those of a team's robots."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from ..models import ApiToken, Role
from ..permissions import may_here, needs_role, require_admin
from ..requests import TeamRequest
from ..sign_in.confirmation import needs_recent_sign_in
from . import service
from .forms import TokenForm

_form_methods = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def own(request: TeamRequest) -> HttpResponse:
    rows = ApiToken.objects.filter(user=request.user).select_related("team")
    return render(
        request,
        "accounts/tokens.html",
        {"tokens": rows, "may_add": service.highest_role(request.user) is not None},
    )


@_form_methods
@needs_recent_sign_in
def own_add(request: TeamRequest) -> HttpResponse:
    return _add(request, TokenForm(request.POST or None, person=request.user))


@require_safe
@needs_role(Role.OPERATOR)
def robots(request: TeamRequest) -> HttpResponse:
    rows = ApiToken.objects.filter(user=None, team=request.team).select_related("created_by")
    return render(
        request,
        "accounts/team_tokens.html",
        {"tokens": rows, "may_edit": may_here(request, Role.ADMIN)},
    )


@_form_methods
@needs_role(Role.ADMIN)
@needs_recent_sign_in
def robot_add(request: TeamRequest) -> HttpResponse:
    return _add(
        request, TokenForm(request.POST or None, person=request.user, robot_team=request.team)
    )


@_form_methods
def revoke(request: TeamRequest, pk: str) -> HttpResponse:
    token = get_object_or_404(
        ApiToken.objects.visible_to(request.user).select_related("team"), pk=pk
    )
    # A person's token needs no check of a role: `visible_to` returns it to its owner only.
    if token.is_robot:
        require_admin(request.user, token)
    if request.method != "POST":
        return render(request, "accounts/token_revoke.html", {"token": token})
    service.revoke_token(token=token, by=request.user)
    messages.success(
        request,
        _("The token “%(name)s” is revoked: it opens nothing any more.") % {"name": token.name},
    )
    return redirect("accounts:team_tokens" if token.is_robot else "accounts:tokens")


def _add(request: TeamRequest, form: TokenForm) -> HttpResponse:
    """Create a token and show its secret.

    The answer is no redirect: the secret is not stored, so only this page can show it.
    """
    if form.is_valid():
        try:
            token, secret = service.create_token(**form.arguments())
        except service.TokenNotAllowed as exc:
            form.add_error(None, str(exc))
        else:
            return render(
                request, "accounts/token_created.html", {"token": token, "secret": secret}
            )
    return render(
        request, "accounts/token_add.html", {"form": form}, status=422 if form.is_bound else 200
    )
