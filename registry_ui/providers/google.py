"""Google Artifact Registry, and the former Container Registry at gcr.io."""

from django.utils.translation import gettext_lazy as _

from .provider import Advice, Provider


class GoogleArtifactRegistry(Provider):
    name = "google_ar"
    title = _("Google Artifact Registry")
    is_addable = False
    host_patterns = ("*-docker.pkg.dev", "gcr.io", "*.gcr.io")
    advice = Advice(
        missing=_(
            "On Google Artifact Registry the repository (the second part of the path) must be "
            "created first."
        ),
        denied_push=_("The identity needs the role Artifact Registry Writer."),
        denied_pull=_("The identity needs the role Artifact Registry Reader."),
        denied_deletion=_(
            "The identity needs the role Artifact Registry Repository Administrator."
        ),
        login=_(
            "Log in as _json_key with a service account's key, or as oauth2accesstoken with a "
            "fresh access token."
        ),
    )
