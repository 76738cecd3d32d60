"""The forms that pull, copy or delete selected tags of a repository.

The tags can be of any of the user's teams; the transfers belong to the team of their registry.
"""

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

from registry_ui.accounts.models import Role
from registry_ui.accounts.permissions import needs_role, require_role
from registry_ui.accounts.requests import TeamRequest
from registry_ui.oci.errors import OciError

from .. import services
from ..deletion_plan import plan_deletion
from ..forms import CopyTagsForm, DeleteTagsForm, PullTagsForm
from ..forms.tag_selection import TagSelectionForm
from ..login_choice import choose_login
from ..models import Transfer
from ..tag_selection import TagSelection, read_tag_selection

View = Callable[[TeamRequest, TagSelection], HttpResponse]


def _with_selection(
    role: Role, *, allows_digest: bool = False
) -> Callable[[View], Callable[[TeamRequest], HttpResponse]]:
    """Pass the selection to a view if the user has the role in the team of its registry."""

    def decorate(view: View) -> Callable[[TeamRequest], HttpResponse]:
        @require_http_methods(["GET", "HEAD", "POST"])
        @functools.wraps(view)
        def wrapper(request: TeamRequest) -> HttpResponse:
            data = request.POST if request.method == "POST" else request.GET
            selection = read_tag_selection(data, request.user)
            if selection is None:
                return _redirect_to_registries(role, request)

            # A visible registry is not enough: the role counts in the team of the registry.
            require_role(request.user, selection.registry, role)
            if not allows_digest:
                selection = replace(selection, digest="")
            if selection.is_empty:
                messages.info(request, _("Choose at least one tag."))
                return redirect(
                    "registries:repository", selection.registry.pk, selection.repository
                )
            return view(request, selection)

        return wrapper

    return decorate


def _redirect_to_registries(role: Role, request: TeamRequest) -> HttpResponse:
    @needs_role(role)
    def view(request: TeamRequest) -> HttpResponse:
        messages.info(request, _("Choose the tags in their repository."))
        return redirect("registries:list")

    # Without a registry in the request, the role in the current team decides.
    response = view(request)
    assert isinstance(response, HttpResponse)
    return response


@_with_selection(Role.OPERATOR)
def pull_tags(request: TeamRequest, selection: TagSelection) -> HttpResponse:
    form = PullTagsForm(
        _confirmed_data(request),
        selection=selection,
        initial=_initial_values(request, PullTagsForm),
    )
    if form.is_valid():
        transfers = _start_transfers(request, form, services.start_pulls)
        if transfers:
            message = ngettext(
                "%(count)d pull was started.", "%(count)d pulls were started.", len(transfers)
            )
            return _redirect_to_transfers(request, transfers, message)
    return _form_response(request, "transfers/pull_tags.html", form)


@_with_selection(Role.OPERATOR)
def copy_tags(request: TeamRequest, selection: TagSelection) -> HttpResponse:
    form = CopyTagsForm(
        _confirmed_data(request),
        selection=selection,
        initial=_initial_values(request, CopyTagsForm),
    )
    if form.is_valid():
        transfers = _start_transfers(request, form, services.start_copies)
        if transfers:
            message = ngettext(
                "%(count)d copy was started.", "%(count)d copies were started.", len(transfers)
            )
            return _redirect_to_transfers(request, transfers, message)

    # The page requests this part with each change of the destination.
    if request.htmx and not request.htmx.boosted and not form.is_bound:
        context = {"form": form, "selection": selection}
        return render(request, "transfers/copy_tags.html#destination", context)
    return _form_response(request, "transfers/copy_tags.html", form)


@_with_selection(Role.ADMIN, allows_digest=True)
def delete_tags(request: TeamRequest, selection: TagSelection) -> HttpResponse:
    plan = plan_deletion(selection)
    login = choose_login(team=selection.team, reference=selection.name, push=True)
    data = _confirmed_data(request)
    # The page has two forms: only the one whose button was used is bound to the data.
    requested = "images" if request.POST.get("mode") == "images" else "tags"
    forms = {
        mode: DeleteTagsForm(
            data if mode == requested else None,
            selection=selection,
            plan=plan,
            login=login,
            mode=mode,
        )
        for mode in ("tags", "images")
    }

    form = forms[requested]
    if form.is_valid():
        transfers = _start_transfers(request, form, services.start_deletes)
        if transfers:
            message = ngettext(
                "%(count)d deletion was started.",
                "%(count)d deletions were started.",
                len(transfers),
            )
            return _redirect_to_transfers(request, transfers, message)
    return _form_response(request, "transfers/delete_tags.html", form, plan=plan, forms=forms)


def _confirmed_data(request: TeamRequest) -> Any:
    """Return the data of a submitted form, or None for a preview."""
    return request.POST if request.method == "POST" and "confirmed" in request.POST else None


def _initial_values(request: TeamRequest, form_class: type[TagSelectionForm]) -> dict[str, str]:
    """Return the form's values from a link or an unconfirmed form."""
    # `base_fields` keeps other parameters of the address away from the form.
    data = request.POST if request.method == "POST" else request.GET
    return {name: str(text) for name, text in data.items() if name in form_class.base_fields}


def _start_transfers(
    request: TeamRequest, form: TagSelectionForm, start: Callable[..., list[Transfer]]
) -> list[Transfer]:
    """Return the transfers; on an error, add it to the form and return none."""
    try:
        return start(team=form.selection.team, user=request.user, **form.arguments())
    except OciError as exc:
        form.add_failure(exc)
    return []


def _redirect_to_transfers(
    request: TeamRequest, transfers: Sequence[Transfer], message: str
) -> HttpResponse:
    # One transfer has a page of its own; several are the first rows of the filtered list.
    if len(transfers) == 1:
        return redirect("transfers:detail", transfers[0].pk)
    messages.success(request, message % {"count": len(transfers)})
    return redirect(reverse("transfers:list", query={"kind": transfers[0].kind}))


def _form_response(
    request: TeamRequest, template: str, form: TagSelectionForm, **context: Any
) -> HttpResponse:
    # 422 tells htmx and tests that the form has errors.
    context = {"form": form, "selection": form.selection, **context}
    return render(request, template, context, status=422 if form.is_bound else 200)
