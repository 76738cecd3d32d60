from django.db import models

from registry_ui.jobs.models import Job
from registry_ui.registries.models import Registry


class IndexRun(Job):
    """A job that indexes a registry or one of its repositories.

    The rows of repositories tell which are done: see `Repository.indexed_by`.
    """

    registry = models.ForeignKey(Registry, models.CASCADE, related_name="index_runs")
    # Empty for the whole registry.
    repository = models.CharField(max_length=255, blank=True)
    # {"phase": "listing" | "indexing" | "counting",
    #  "repositories": …, "repositories_done": …, "tags": …, "tags_done": …,
    #  "fetched": artifacts, "requests": …,
    #  "problems": repositories that failed, "tag_problems": …,
    #  "skipped": tags whose image was not fetched because the registry counts pulls,
    #  "pause": {"seconds", "reason"} | null}
    progress = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["registry", "-created_at"], name="index_run_newest"),
            models.Index(fields=["state", "created_at"], name="index_run_by_state"),
        ]

    def __str__(self) -> str:
        return (
            f"index of {self.registry.host}/{self.repository}"
            if self.repository
            else f"index of {self.registry.host}"
        )
