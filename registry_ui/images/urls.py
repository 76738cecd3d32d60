from django.urls import path

from . import views
from .archives import export_views as exports
from .archives import views as imports
from .engines import views as engines

app_name = "images"
urlpatterns = [
    path("", views.images, name="list"),
    path("engines/<slug:engine>/", engines.images, name="engine"),
    path("engines/<slug:engine>/<digest:image_id>/remove/", engines.remove, name="engine_remove"),
    path("<uuid:pk>/", views.image, name="detail"),
    path("<uuid:pk>/remove/", views.remove, name="remove"),
    path("export/", exports.export_page, name="export"),
    path("export/archive/", exports.export_archive, name="export_archive"),
    path("export/checksum/", exports.export_checksum, name="export_checksum"),
    path("import/", imports.import_page, name="import"),
    path("import/begin/", imports.import_begin, name="import_begin"),
    path("import/<uuid:pk>/content/", imports.import_content, name="import_content"),
    path("import/<uuid:pk>/finish/", imports.import_finish, name="import_finish"),
    path("import/<uuid:pk>/discard/", imports.import_discard, name="import_discard"),
]
