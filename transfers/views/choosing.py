"""What is done to tags of one repository that were chosen in a list: pull, copy, delete. They may be of any of the person's
teams; whatever is started belongs to the team of their registry."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from registry_ui.accounts.access import needs_role, require_role
from registry_ui.accounts.models import Role
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError

from .. import services
from ..chosen import Chosen, read_chosen
from ..deletion import plan_of
from ..forms import CopyTagsForm, DeleteTagsForm, PullTagsForm
from ..forms.choosing import ChosenForm
from ..logins import login_for
from ..models import Transfer

View = Callable[[TeamRequest, Chosen], HttpResponse]


def _of_chosen(
    role: Role, *, may_be_digest: bool = False
) -> Callable[[View], Callable[[TeamRequest], HttpResponse]]:
    """Gives a view the tags that were chosen, if the person has the role in the team of their registry."""

    def decorate(view: View) -> Callable[[TeamRequest], HttpResponse]:
        @require_http_methods(["GET", "HEAD", "POST"])
        @functools.wraps(view)
        def guarded(request: TeamRequest) -> HttpResponse:
            chosen = read_chosen(
                request.POST if request.method == "POST" else request.GET, request.user
            )
            if chosen is None:
                return _begin_at_the_registries(role, request)
            require_role(request.user, chosen.registry, role)
            if not may_be_digest:
                chosen = replace(chosen, digest="")
            if chosen.is_empty:
                messages.info(request, _("Choose at least one tag."))
                return redirect("registries:repository", chosen.registry.pk, chosen.repository)
            return view(request, chosen)

        return guarded

    return decorate


def _begin_at_the_registries(role: Role, request: TeamRequest) -> HttpResponse:
    @needs_role(role)
    def begin(request: TeamRequest) -> HttpResponse:
        messages.info(request, _("Choose the tags in their repository."))
        return redirect("registries:list")

    response = begin(request)
    assert isinstance(response, HttpResponse)
    return response


@_of_chosen(Role.OPERATOR)
def pull_tags(request: TeamRequest, chosen: Chosen) -> HttpResponse:
    form = PullTagsForm(_confirmed(request), chosen=chosen, initial=_typed(request, PullTagsForm))
    if form.is_valid():
        started = _started(request, form, services.start_pulls)
        if started:
            return _onward(
                request,
                started,
                ngettext(
                    "%(count)d pull was started.", "%(count)d pulls were started.", len(started)
                ),
            )
    return _answer(request, "transfers/pull_tags.html", form)


@_of_chosen(Role.OPERATOR)
def copy_tags(request: TeamRequest, chosen: Chosen) -> HttpResponse:
    form = CopyTagsForm(_confirmed(request), chosen=chosen, initial=_typed(request, CopyTagsForm))
    if form.is_valid():
        started = _started(request, form, services.start_copies)
        if started:
            return _onward(
                request,
                started,
                ngettext(
                    "%(count)d copy was started.", "%(count)d copies were started.", len(started)
                ),
            )
    if request.htmx and not request.htmx.boosted and not form.is_bound:
        return render(
            request, "transfers/copy_tags.html#destination", {"form": form, "chosen": chosen}
        )
    return _answer(request, "transfers/copy_tags.html", form)


@_of_chosen(Role.ADMIN, may_be_digest=True)
def delete_tags(request: TeamRequest, chosen: Chosen) -> HttpResponse:
    plan = plan_of(chosen)
    data, asked = _confirmed(request), "images" if request.POST.get("way") == "images" else "tags"
    login = login_for(team=chosen.team, reference=chosen.name, push=True)
    forms = {
        way: DeleteTagsForm(
            data if way == asked else None, chosen=chosen, plan=plan, login=login, way=way
        )
        for way in ("tags", "images")
    }
    form = forms[asked]
    if form.is_valid():
        started = _started(request, form, services.start_deletes)
        if started:
            return _onward(
                request,
                started,
                ngettext(
                    "%(count)d deletion was started.",
                    "%(count)d deletions were started.",
                    len(started),
                ),
            )
    return _answer(request, "transfers/delete_tags.html", form, plan=plan, forms=forms)


def _confirmed(request: TeamRequest) -> Any:
    """The data of a form that is to be carried out; None while it is only looked at."""
    return request.POST if request.method == "POST" and "confirmed" in request.POST else None


def _typed(request: TeamRequest, form_class: type[ChosenForm]) -> dict[str, str]:
    """What a link or an unfinished form brings along."""
    data = request.POST if request.method == "POST" else request.GET
    return {name: str(text) for name, text in data.items() if name in form_class.base_fields}


def _started(
    request: TeamRequest, form: ChosenForm, start: Callable[..., list[Transfer]]
) -> list[Transfer]:
    """The transfers; none, with the reason in the form, where they cannot be."""
    try:
        return start(team=form.chosen.team, user=request.user, **form.arguments())
    except OciError as exc:
        form.add_failure(exc)
    return []


def _onward(request: TeamRequest, started: Sequence[Transfer], words: str) -> HttpResponse:
    if len(started) == 1:
        return redirect("transfers:detail", started[0].pk)
    messages.success(request, words % {"count": len(started)})
    return redirect(reverse("transfers:list", query={"kind": started[0].kind}))


def _answer(request: TeamRequest, template: str, form: ChosenForm, **context: Any) -> HttpResponse:
    return render(
        request,
        template,
        {"form": form, "chosen": form.chosen, **context},
        status=422 if form.is_bound else 200,
    )
