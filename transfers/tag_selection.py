"""A selection of tags of one repository, as a request carries it."""

import uuid
from dataclasses import dataclass

from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from registry_ui.accounts.models import Team, User
from registry_ui.oci.digest import Digest
from registry_ui.oci.errors import OciError
from registry_ui.oci.reference import Reference, check_repository, check_tag
from registry_ui.registries.models import Registry
from registry_ui.web.errors import describe

# Each tag starts a transfer of its own, and its name is a part of the form's data.
MAX_SELECTED_TAGS = 200


@dataclass(frozen=True, slots=True)
class TagSelection:
    """The selected tags of a repository, or a digest with all of its tags.

    `name` is the repository's reference without a tag.
    """

    registry: Registry
    name: Reference
    tags: tuple[str, ...] = ()
    digest: str = ""

    @property
    def team(self) -> Team:
        return self.registry.team

    @property
    def repository(self) -> str:
        return self.name.repository

    @property
    def is_empty(self) -> bool:
        return not self.tags and not self.digest

    @property
    def references(self) -> list[Reference]:
        return [self.name.with_tag(tag) for tag in self.tags]


def read_tag_selection(data: QueryDict, user: User) -> TagSelection | None:
    """Return the selection, or None if the request names no registry.

    Raises:
        Http404: the user sees no such registry.
        BadRequest: a name is invalid, or there are too many tags.
    """
    identifier = data.get("registry")
    if not identifier:
        return None

    # Another team's registry is a 404, like one that does not exist.
    registry = get_object_or_404(
        Registry.objects.visible_to(user).select_related("team"), pk=_parse_uuid(identifier)
    )
    # A tag that is sent twice must not start two transfers.
    tags = tuple(dict.fromkeys(tag for tag in data.getlist("tag") if tag))
    if len(tags) > MAX_SELECTED_TAGS:
        raise BadRequest(
            _("At most %(count)d tags can be chosen at a time.") % {"count": MAX_SELECTED_TAGS}
        )

    try:
        # The parser completes a bare name as docker does: on Docker Hub it is an official image.
        name = Reference.parse(f"{registry.host}/{check_repository(data.get('repository', ''))}")
        digest = str(Digest.parse(text)) if (text := data.get("digest")) else ""
        return TagSelection(
            registry, Reference(registry.host, name.repository), tuple(map(check_tag, tags)), digest
        )
    except OciError as exc:
        raise BadRequest(describe(exc).sentence) from exc


def _parse_uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as exc:
        raise BadRequest(_("There is no such registry.")) from exc
