from django.urls import path

from . import views

app_name = "transfers"
urlpatterns = [
    path("", views.transfers, name="list"),
    path("active/", views.active_transfers, name="active"),
    path("pull/", views.pull, name="pull"),
    path("push/", views.push, name="push"),
    path("publish/", views.publish, name="publish"),
    path("tag/", views.tag, name="tag"),
    path("retag/", views.retag, name="retag"),
    path("tags/pull/", views.pull_tags, name="pull_tags"),
    path("tags/copy/", views.copy_tags, name="copy_tags"),
    path("tags/delete/", views.delete_tags, name="delete_tags"),
    path("import/<uuid:pk>/", views.import_archive, name="import_archive"),
    path("engines/<slug:engine>/pull/", views.engine_pull, name="engine_pull"),
    path("engines/<slug:engine>/push/", views.engine_push, name="engine_push"),
    path("engines/<slug:engine>/tag/", views.engine_tag, name="engine_tag"),
    path("engines/<slug:engine>/load/", views.engine_load, name="engine_load"),
    path("engines/<slug:engine>/save/", views.engine_save, name="engine_save"),
    path("login/<slug:kind>/", views.login, name="login"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/progress/", views.progress, name="progress"),
    path("<uuid:pk>/cancel/", views.cancel, name="cancel"),
    path("<uuid:pk>/retry/", views.retry, name="retry"),
]
