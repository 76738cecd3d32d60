"""The live server's handler: static files that a browser may keep, and a count of its requests."""

import threading

from django.contrib.staticfiles.handlers import StaticFilesHandler


class LiveSiteHandler(StaticFilesHandler):
    """Django's handler for a live server, which knows whether a request is being answered."""

    _running = 0
    _changed = threading.Condition()

    @classmethod
    def wait_until_idle(cls, seconds: float = 20) -> None:
        """Return as soon as no request is being answered; raise `TimeoutError` after `seconds`."""
        with cls._changed:
            if not cls._changed.wait_for(lambda: cls._running == 0, seconds):
                raise TimeoutError(f"{cls._running} requests still run after {seconds} s")

    def serve(self, request):
        # Without it a browser keeps a file for a tenth of the time since its last change: not at
        # all after a fresh checkout, and every page of a test asks for forty files again.
        response = super().serve(request)
        response["Cache-Control"] = "max-age=3600"
        return response

    def __call__(self, environ, start_response):
        self._count(1)
        try:
            return super().__call__(environ, start_response)
        finally:
            self._count(-1)

    @classmethod
    def _count(cls, change: int) -> None:
        with cls._changed:
            cls._running += change
            cls._changed.notify_all()
