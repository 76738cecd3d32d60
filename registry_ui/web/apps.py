from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "registry_ui.web"
