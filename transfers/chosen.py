"""Tags of one repository that a person chose in a list, as a request brings them along."""

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

MOST_TAGS = 200


@dataclass(frozen=True, slots=True)
class Chosen:
    """A repository's name with no tag, and what was chosen of it: tags, or a digest with all of its tags."""

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


def read_chosen(data: QueryDict, user: User) -> Chosen | None:
    """What was chosen; None where not even a registry was.

    Raises:
        Http404: the person sees no such registry.
        BadRequest: names that no page of this project has made.
    """
    identifier = data.get("registry")
    if not identifier:
        return None
    registry = get_object_or_404(
        Registry.objects.visible_to(user).select_related("team"), pk=_uuid(identifier)
    )
    tags = tuple(dict.fromkeys(tag for tag in data.getlist("tag") if tag))
    if len(tags) > MOST_TAGS:
        raise BadRequest(
            _("At most %(count)d tags can be chosen at a time.") % {"count": MOST_TAGS}
        )
    try:
        # As docker completes it: a bare name is an official image on Docker Hub.
        name = Reference.parse(f"{registry.host}/{check_repository(data.get('repository', ''))}")
        digest = str(Digest.parse(text)) if (text := data.get("digest")) else ""
        return Chosen(
            registry, Reference(registry.host, name.repository), tuple(map(check_tag, tags)), digest
        )
    except OciError as exc:
        raise BadRequest(exc.message) from exc


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as exc:
        raise BadRequest(_("There is no such registry.")) from exc
