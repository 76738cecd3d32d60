from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """The app of notification channels, and of the notices that other apps send to them."""

    name = "registry_ui.notifications"
