"""The search for local images, by name and by every digest that is part of one."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import F, Q, TextField, Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team
from registry_ui.accounts.requests import TeamRequest
from registry_ui.catalog.digest_search import digest_condition
from registry_ui.web.quantities import binary_size
from registry_ui.web.search_sources import (
    Group,
    Link,
    SearchQuery,
    SearchResult,
    limit_rows,
    team_name,
)

from .models import LocalImage, TeamBlob

_MAX_MATCHES = 500
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


def find_local_images(request: TeamRequest, query: SearchQuery) -> Iterator[Group]:
    if not query.digest and not query.terms and not query.host:
        return

    rows = LocalImage.objects.visible_to(request.user).annotate(
        # A text can be part of any part of the reference, so it is matched as a whole.
        whole_name=Concat("registry", Value("/"), "repository", Value(":"), "tag"),
        platform_text=Cast("platforms", TextField()),
    )
    wanted = Q()
    if query.digest:
        wanted |= _digest_condition(query) | Q(pk__in=_images_containing(request, query))

    if query.terms or query.host:
        wanted |= _name_condition(query)

    matching = rows.filter(wanted).only(*_COLUMNS).order_by("registry", "repository", "tag", "pk")
    shown, is_capped = limit_rows(matching[: query.limit + 1], query.limit)
    hits = [
        SearchResult(
            url=reverse("images:detail", args=[image.pk]),
            icon="stack-2",
            reference=image.reference,
            team=team_name(request, image),
            facts=[*_digest_roles(image, query), binary_size(image.size)],
        )
        for image in shown
    ]
    filter_query = urlencode({"q": " ".join(query.terms) or query.host or query.digest})
    yield Group(
        title=_("Local images"),
        hits=hits,
        is_capped=is_capped,
        more=[
            Link(
                _("All local images of %(team)s") % {"team": request.team},
                f"{reverse('images:list')}?{filter_query}",
            )
        ],
    )


def _name_condition(query: SearchQuery) -> Q:
    condition = Q(registry=query.host) if query.host else Q()
    for text in (*query.terms, *([f":{query.tag}"] if query.tag else [])):
        # Every term has to match.
        condition &= Q(whole_name__icontains=text)
    return condition


def _digest_condition(query: SearchQuery) -> Q:
    columns = (
        digest_condition(query, "digest")
        | digest_condition(query, "source_digest")
        | digest_condition(query, "image_id")
    )

    # The opening quote anchors the match at the start of a digest in the JSON text.
    return columns | Q(platform_text__contains=f'"{query.digest}')


def _images_containing(request: TeamRequest, query: SearchQuery) -> list[UUID]:
    """Return the images that contain the digest, as a manifest or blob.

    Their long lists are read only for teams that have the blob at all.
    """
    if not query.whole_digest:
        return []

    # Only whole digests are looked up in the JSON lists, which have no index.
    blobs = TeamBlob.objects.filter(
        team__in=Team.objects.visible_to(request.user), digest=query.digest
    )
    content_text = Concat(
        Cast(F("manifests"), TextField()), Cast(F("blobs"), TextField()), output_field=TextField()
    )
    rows = (
        LocalImage.objects.filter(team__in=blobs.values("team"))
        .annotate(content_text=content_text)
        .filter(content_text__contains=f'"{query.digest}"')
    )

    return list(rows.values_list("pk", flat=True)[:_MAX_MATCHES])


def _digest_roles(image: LocalImage, query: SearchQuery) -> list[str]:
    """Return the role of the digest in the image; nothing for a match by name."""
    if not query.digest:
        return []

    roles = (
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
    role = next((name for digest, name in roles if digest.startswith(query.digest)), "")
    return [role or _("a layer or config of it")] if role or not query.terms else []
