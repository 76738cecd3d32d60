from registry_ui.catalog.indexing.index_progress import IndexProgress
from registry_ui.oci.errors import RateLimited


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def test_a_new_run_has_counted_nothing():
    progress = IndexProgress(lambda: 7).snapshot()

    assert (progress["phase"], progress["requests"], progress["pause"]) == ("listing", 7, None)
    assert not any(progress[name] for name in ("tags", "tags_done", "fetched", "problems"))


def test_a_pause_counts_down_and_ends():
    clock = Clock()
    progress = IndexProgress(clock=clock)
    reason = RateLimited("rate_limited", host="registry.example.com")
    progress.pause(30, reason)

    assert progress.snapshot()["pause"] == {
        "seconds": 31,
        "reason": reason.stored(),
    }
    clock.now += 29.5
    assert progress.snapshot()["pause"]["seconds"] == 1
    clock.now += 0.5
    assert progress.snapshot()["pause"] is None
