from django.urls import path

from .views import archive, file_import, machine_endpoints, mirror, mirror_list, run, webhook

app_name = "mirrors"
urlpatterns = [
    path("mirrors/", mirror_list.mirrors, name="list"),
    path("mirrors/add/", mirror.add, name="add"),
    path("mirrors/pause/", mirror_list.pause_all, name="pause_all"),
    path("mirrors/resume/", mirror_list.resume_all, name="resume_all"),
    path("mirrors/import/", file_import.import_mirrors, name="import"),
    path("mirrors/export/", file_import.export, name="export"),
    path("mirrors/runs/<uuid:pk>/", run.run, name="run"),
    path("mirrors/runs/<uuid:pk>/progress/", run.progress, name="progress"),
    path("mirrors/runs/<uuid:pk>/items/", run.items, name="items"),
    path("mirrors/runs/<uuid:pk>/cancel/", run.cancel, name="cancel"),
    path("mirrors/runs/<uuid:pk>/retry/", run.retry, name="retry"),
    path("mirrors/runs/<uuid:pk>/run/", run.run_plan, name="run_plan"),
    path("mirrors/<uuid:pk>/", mirror.detail, name="detail"),
    path("mirrors/<uuid:pk>/edit/", mirror.edit, name="edit"),
    path("mirrors/<uuid:pk>/remove/", mirror.remove, name="remove"),
    path("mirrors/<uuid:pk>/plan/", run.plan, name="plan"),
    path("mirrors/<uuid:pk>/run/", run.start, name="start"),
    path("mirrors/<uuid:pk>/sync/", run.sync, name="sync"),
    path("mirrors/<uuid:pk>/pause/", mirror.pause, name="pause"),
    path("mirrors/<uuid:pk>/resume/", mirror.resume, name="resume"),
    path("mirrors/<uuid:pk>/pull/", archive.local_pull, name="local_pull"),
    path("mirrors/<uuid:pk>/archive/", archive.archive, name="archive"),
    path("mirrors/<uuid:pk>/archive/checksum/", archive.checksum, name="archive_checksum"),
    path("mirrors/<uuid:pk>/webhook/", webhook.webhook, name="webhook"),
    path("mirrors/<uuid:pk>/webhook/remove/", webhook.remove, name="webhook_remove"),
    # For machines, each with a secret of its own
    path("webhooks/mirrors/<uuid:pk>/", machine_endpoints.webhook, name="webhook_call"),
    path("metrics", machine_endpoints.metrics, name="metrics"),
]
