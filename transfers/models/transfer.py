from django.db import models
from django.utils.translation import gettext_lazy as _

from registry_ui.accounts.models import Role
from registry_ui.jobs.models import Job
from registry_ui.registries.models import Credential, Registry


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
    """One pull, tag, push, publish, copy, delete or import."""

    kind = models.CharField(max_length=10, choices=Kind.choices)

    # Canonical references. For a pull the target is the local name; for a push and a publish the source is.
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
    # True where a credential was chosen: if it is gone when the job runs, the job fails and never goes on without it.
    needs_source_credential = models.BooleanField(default=False)
    needs_target_credential = models.BooleanField(default=False)
    # The engine that is the local end, or one of both: of a load the target, of a save the source. Empty is the local store.
    engine = models.CharField(max_length=40, blank=True)
    platform = models.CharField(
        max_length=60,
        blank=True,
        help_text="os/architecture[/variant]; “all”; empty is this machine's.",
    )
    plain_http = models.BooleanField(
        default=False, help_text="For a host that is no Registry row: chosen on the command line."
    )
    # Of a delete: {"digest": what the tag named when it was asked for, "tags": the digest's tags then}
    # Of an import: {"upload": its id, "archive": the file's name, "images": [{"digest": "…", "names": ["…"]}]}; the source is
    # the first name then, as the target is.
    options = models.JSONField(default=dict, blank=True)

    # {"phase": "…", "steps": [...], "layers": [...], "speed": bytes a second}: see transfers/steps.py and oci/progress.py
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
            models.Index(fields=["team", "-created_at"], name="transfer_newest_of_team"),
            models.Index(fields=["state", "created_at"], name="transfer_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source} → {self.target}"

    def note_end(self) -> None:
        """That it was cancelled is recorded where somebody asks for it."""
        from ..trail import record_end

        record_end(self)

    @property
    def wanted_role(self) -> Role:
        """Whoever asks for it, or for it again, has at least this role in the team."""
        return Role.ADMIN if self.kind == Kind.DELETE else Role.OPERATOR
