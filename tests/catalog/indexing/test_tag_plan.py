from datetime import UTC, datetime, timedelta

from registry_ui.catalog.indexing.tag_plan import KnownTag, by_importance, plan_names, tag_row
from registry_ui.catalog.models import UNSTATED, Artifact
from tests.parts.error_texts import stored_error

NOW = datetime(2026, 5, 1, tzinfo=UTC)
BUILT = datetime(2026, 3, 1, tzinfo=UTC)
OLD, NEW = f"sha256:{'0' * 64}", f"sha256:{'1' * 64}"


def row(known, digest, built_at=BUILT):
    artifact = (
        Artifact(
            pk=1, digest=digest, built_at=built_at, size=5, platforms=[{"platform": "linux/amd64"}]
        )
        if built_at
        else None
    )
    return tag_row(
        "1.0", repository_id=1, team_id=1, known=known, digest=digest, artifact=artifact, now=NOW
    )


def test_rows_of_missing_names_are_deleted():
    known = {"1.0": KnownTag(1), "1.1": KnownTag(2), "1.2": KnownTag(3)}

    assert plan_names(known, ["1.1", "1.3"]).deleted == [1, 3]


def test_tags_without_an_image_are_resolved_first():
    known = {"1.0": KnownTag(1, OLD, True), "2.0": KnownTag(2, OLD, False)}

    assert plan_names(known, ["1.0", "2.0", "latest", "1.5"]).names == [
        "latest",
        "2.0",
        "1.5",
        "1.0",
    ]


def test_invalid_tags_are_left_out():
    assert plan_names({}, ["1.0", "../1.0", "-x", "a b", "x" * 129, "", "1.0\n", "1.0"]).names == [
        "1.0"
    ]


def test_latest_comes_first_and_then_the_newest():
    assert by_importance({"1.9", "1.10", "latest", "2.0-rc1", "2.0"}) == [
        "latest",
        "2.0",
        "2.0-rc1",
        "1.10",
        "1.9",
    ]


def test_a_new_name_is_as_old_as_its_image():
    tag = row(None, NEW)
    assert (tag.changed_at, tag.previous_digest, tag.built_at, tag.size, tag.platforms) == (
        BUILT,
        "",
        BUILT,
        5,
        "|linux/amd64|",
    )


def test_a_moved_name_has_changed_now():
    tag = row(KnownTag(1, OLD, True, changed_at=BUILT), NEW)
    assert (tag.changed_at, tag.previous_digest) == (NOW, OLD)


def test_a_name_that_stays_keeps_its_history():
    changed_at = NOW - timedelta(days=3)
    tag = row(KnownTag(1, NEW, True, previous_digest=OLD, changed_at=changed_at), NEW)
    assert (tag.changed_at, tag.previous_digest) == (changed_at, OLD)


def test_a_tag_whose_image_is_fetched_later_has_not_moved():
    waiting = row(None, NEW, built_at=None)
    assert (waiting.changed_at, waiting.artifact, waiting.size) == (UNSTATED, None, 0)

    tag = row(KnownTag(1, NEW, False, changed_at=UNSTATED), NEW)
    assert (tag.changed_at, tag.previous_digest) == (BUILT, "")


def test_a_tag_that_could_not_be_resolved_before_has_not_moved():
    tag = row(KnownTag(1, "", False, problem=stored_error("It did not answer.")), NEW)
    assert (tag.changed_at, tag.previous_digest, tag.problem) == (BUILT, "", None)


def test_an_unchanged_tag_is_current():
    assert KnownTag(1, NEW, True).is_current(NEW)
    assert not KnownTag(1, NEW, True).is_current(OLD)
    assert not KnownTag(1, NEW, False).is_current(NEW)
    assert not KnownTag(1, NEW, True, problem=stored_error("It did not answer.")).is_current(NEW)
