from django.urls import path

from . import views

app_name = "jobs"

urlpatterns = [path("administration/tasks/", views.scheduled_tasks, name="scheduled_tasks")]
