"""What the search finds among the local images: by name, and by every digest that is part of one."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.accounts.requests import TeamRequest
from registry_ui.registries.locating import matches
from registry_ui.web.quantities import binary_size
from registry_ui.web.searching import Group, Hit, Link, Question, capped, team_name

from .models import LocalImage, TeamBlob

_MOST_HOLDERS = 500
_COLUMNS = (
    "team",
    "registry",
    "repository",
    "tag",
    "digest",
    "source_digest",
    "image_id",
    "platforms",
    "manifests",
    "size",
)


def find_local_images(request: TeamRequest, question: Question) -> Iterator[Group]:
    if not question.digest and not question.words and not question.host:
        return
    rows = LocalImage.objects.visible_to(request.user).annotate(
        whole_name=Concat("registry", Value("/"), "repository", Value(":"), "tag"),
        named=Cast("platforms", TextField()),
    )
    wanted = Q()
    if question.digest:
        wanted |= _has_digest(question) | Q(pk__in=_holding(request, question))
    if question.words or question.host:
        wanted |= _is_called(question)
    found = rows.filter(wanted).only(*_COLUMNS).order_by("registry", "repository", "tag", "pk")
    shown, is_capped = capped(found[: question.limit + 1], question.limit)
    hits = [
        Hit(
            url=reverse("images:detail", args=[image.pk]),
            icon="stack-2",
            reference=image.reference,
            team=team_name(request, image),
            facts=[*_part_played(image, question), binary_size(image.size)],
        )
        for image in shown
    ]
    words = urlencode({"q": " ".join(question.words) or question.host or question.digest})
    yield Group(
        title=_("Local images"),
        hits=hits,
        is_capped=is_capped,
        more=[
            Link(
                _("All local images of %(team)s") % {"team": request.team},
                f"{reverse('images:list')}?{words}",
            )
        ],
    )


def _is_called(question: Question) -> Q:
    condition = Q(registry=question.host) if question.host else Q()
    for text in (*question.words, *([f":{question.tag}"] if question.tag else [])):
        condition &= Q(whole_name__icontains=text)
    return condition


def _has_digest(question: Question) -> Q:
    own = (
        matches(question, "digest")
        | matches(question, "source_digest")
        | matches(question, "image_id")
    )
    return own | Q(named__contains=f'"{question.digest}')


def _holding(request: TeamRequest, question: Question) -> list[UUID]:
    """The images that need the digest, whole, as a manifest or blob. Their long lists are only read where a team has it at all."""
    if not question.whole_digest:
        return []
    blobs = TeamBlob.objects.filter(
        team__in=Team.objects.visible_to(request.user), digest=question.digest
    )
    inside = Concat(
        Cast(F("manifests"), TextField()), Cast(F("blobs"), TextField()), output_field=TextField()
    )
    rows = (
        LocalImage.objects.filter(team__in=blobs.values("team"))
        .annotate(inside=inside)
        .filter(inside__contains=f'"{question.digest}"')
    )
    return list(rows.values_list("pk", flat=True)[:_MOST_HOLDERS])


def _part_played(image: LocalImage, question: Question) -> list[str]:
    """What the digest is to the image; nothing where it was found by its name."""
    if not question.digest:
        return []
    own = (
        (image.digest, _("its digest")),
        (image.image_id, _("its image id")),
        (image.source_digest, _("the index that it was pulled from")),
        *(
            (entry["digest"], _("its image for %(platform)s") % {"platform": entry["platform"]})
            for entry in image.platforms
        ),
        *(
            (
                entry["image_id"],
                _("its image id for %(platform)s") % {"platform": entry["platform"]},
            )
            for entry in image.platforms
        ),
        *((entry["digest"], _("a manifest in it")) for entry in image.manifests),
    )
    found = next((words for digest, words in own if digest.startswith(question.digest)), "")
    return [found or _("a layer or config of it")] if found or not question.words else []
