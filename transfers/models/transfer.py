from django.db import models
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Role
from registry_ui.credentials.models import Credential
from registry_ui.jobs.models import Job, State
from registry_ui.registries.models import Registry


class Kind(models.TextChoices):
    PULL = "pull", _("Pull")
    TAG = "tag", _("Tag")
    PUSH = "push", _("Push")
    PUBLISH = "publish", _("Publish")
    COPY = "copy", _("Copy")
    DELETE = "delete", _("Delete")
    IMPORT = "import", _("Import")
    LOAD = "load", _("Load")
    SAVE = "save", _("Save")


class Transfer(Job):
    """A transfer of one image: a pull, tag, push, publish, copy, delete, import, load or save."""

    kind = models.CharField(max_length=10, choices=Kind.choices)

    # Canonical references. The local one is a pull's target, and the source of a push or publish.
    source = models.CharField(max_length=600)
    target = models.CharField(max_length=600)
    source_is_local = models.BooleanField(default=False)
    target_is_local = models.BooleanField(default=False)
    source_registry = models.ForeignKey(
        Registry, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    target_registry = models.ForeignKey(
        Registry, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    source_credential = models.ForeignKey(
        Credential, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    target_credential = models.ForeignKey(
        Credential, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    # True where a credential was selected: if it is deleted before the job runs, the job fails and
    # does not continue without a login.
    needs_source_credential = models.BooleanField(default=False)
    needs_target_credential = models.BooleanField(default=False)
    # The engine at the local endpoint, of a load the target, of a save the source. Empty means
    # the local images.
    engine = models.CharField(max_length=40, blank=True)
    platform = models.CharField(
        max_length=60,
        blank=True,
        help_text="os/architecture[/variant]; “all”; empty is this machine's.",
    )
    plain_http = models.BooleanField(
        default=False, help_text="For a host that is no Registry row: chosen on the command line."
    )
    # Of a delete: {"digest": the tag's digest at the request, "tags": the digest's tags then}
    # Of an import: {"upload": its id, "archive": the file's name,
    #  "images": [{"digest": "…", "names": ["…"]}]}; source and target are the first name.
    options = models.JSONField(default=dict, blank=True)

    # {"phase": "…", "steps": […], "layers": […], "speed": bytes per second}: see `Steps` and
    # `registry_ui.oci.progress`
    progress = models.JSONField(default=dict, blank=True)
    bytes_done = models.BigIntegerField(default=0)
    bytes_total = models.BigIntegerField(null=True, blank=True)
    digest = models.CharField(max_length=140, blank=True)
    size = models.BigIntegerField(
        null=True, blank=True, help_text="Bytes of the manifest, as docker push prints it."
    )

    retry_of = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="retries"
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["team", "-created_at"], name="transfer_by_team"),
            models.Index(fields=["state", "created_at"], name="transfer_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source} → {self.target}"

    @property
    def required_role(self) -> Role:
        """The role in the team that starting or retrying it needs."""
        return Role.ADMIN if self.kind == Kind.DELETE else Role.OPERATOR

    @property
    def is_retryable(self) -> bool:
        """Return whether a retry can succeed."""
        error_kind = (self.error or {}).get("kind")
        # An invalid archive is discarded, so there is nothing to import any more.
        if self.kind == Kind.IMPORT and error_kind == "InvalidArchive":
            return False
        # A deletion is retried only while its target is what the user confirmed.
        if self.kind == Kind.DELETE:
            return self.state == State.FAILED and error_kind != "TagChanged"
        return self.state in (State.FAILED, State.CANCELLED)
