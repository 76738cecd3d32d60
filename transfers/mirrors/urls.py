from django.urls import path

from .views import archives, channels, files, hooks, listing, machines, rules, runs

app_name = "mirrors"
urlpatterns = [
    path("mirrors/", listing.mirrors, name="list"),
    path("mirrors/add/", rules.add, name="add"),
    path("mirrors/pause/", listing.pause_all, name="pause_all"),
    path("mirrors/resume/", listing.resume_all, name="resume_all"),
    path("mirrors/import/", files.import_mirrors, name="import"),
    path("mirrors/export/", files.export, name="export"),
    path("mirrors/channels/", channels.channels, name="channels"),
    path("mirrors/channels/add/", channels.add, name="channel_add"),
    path("mirrors/channels/<uuid:pk>/edit/", channels.edit, name="channel_edit"),
    path("mirrors/channels/<uuid:pk>/test/", channels.test, name="channel_test"),
    path("mirrors/channels/<uuid:pk>/remove/", channels.remove, name="channel_remove"),
    path("mirrors/runs/<uuid:pk>/", runs.run, name="run"),
    path("mirrors/runs/<uuid:pk>/progress/", runs.progress, name="progress"),
    path("mirrors/runs/<uuid:pk>/items/", runs.items, name="items"),
    path("mirrors/runs/<uuid:pk>/cancel/", runs.cancel, name="cancel"),
    path("mirrors/runs/<uuid:pk>/retry/", runs.retry, name="retry"),
    path("mirrors/runs/<uuid:pk>/execute/", runs.execute, name="execute"),
    path("mirrors/<uuid:pk>/", rules.detail, name="detail"),
    path("mirrors/<uuid:pk>/edit/", rules.edit, name="edit"),
    path("mirrors/<uuid:pk>/remove/", rules.remove, name="remove"),
    path("mirrors/<uuid:pk>/plan/", runs.plan, name="plan"),
    path("mirrors/<uuid:pk>/run/", runs.start, name="start"),
    path("mirrors/<uuid:pk>/sync/", runs.sync, name="sync"),
    path("mirrors/<uuid:pk>/pause/", rules.pause, name="pause"),
    path("mirrors/<uuid:pk>/resume/", rules.resume, name="resume"),
    path("mirrors/<uuid:pk>/bring/", archives.local_pull, name="bring"),
    path("mirrors/<uuid:pk>/archive/", archives.archive, name="archive"),
    path("mirrors/<uuid:pk>/archive/checksum/", archives.checksum, name="archive_checksum"),
    path("mirrors/<uuid:pk>/hook/", hooks.hook, name="hook"),
    path("mirrors/<uuid:pk>/hook/remove/", hooks.remove, name="hook_remove"),
    # For machines, each with a secret of its own
    path("hooks/mirrors/<uuid:pk>/", machines.hook, name="call"),
    path("metrics", machines.metrics, name="metrics"),
]
