import pytest

from transfers.layers import PICTURE_WIDTH, grouped, layers_of, picture
from transfers.models import Kind, State, Transfer

from .rows import MIB, layer


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("waiting", "Waiting"),
        ("exists", "Already exists"),
        ("moving", "Pulling"),
        ("done", "Pull complete"),
        ("failed", "Failed"),
    ],
)
def test_a_pull_speaks_as_docker_pull(state, word):
    row = Transfer(kind=Kind.PULL, state=State.RUNNING, progress={"layers": [layer(1, state)]})
    assert layers_of(row)[0].word == word


@pytest.mark.parametrize("kind", [Kind.PUSH, Kind.PUBLISH])
@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("waiting", "Waiting"),
        ("exists", "Layer already exists"),
        ("mounted", "Mounted from team/base"),
        ("moving", "Pushing"),
        ("done", "Pushed"),
    ],
)
def test_a_push_speaks_as_docker_push(kind, state, word):
    row = Transfer(
        kind=kind, state=State.RUNNING, progress={"layers": [layer(1, state, origin="team/base")]}
    )
    assert layers_of(row)[0].word == word


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ("exists", "Layer already exists"),
        ("mounted", "Mounted from team/base"),
        ("moving", "Copying"),
        ("done", "Copied"),
    ],
)
def test_a_copy_speaks_as_a_push_and_says_that_it_copies(state, word):
    row = Transfer(
        kind=Kind.COPY,
        state=State.RUNNING,
        progress={"layers": [layer(1, state, origin="team/base")]},
    )
    assert layers_of(row)[0].word == word


def test_what_had_not_begun_when_it_ended_does_not_wait_any_more():
    row = Transfer(kind=Kind.PULL, state=State.FAILED, progress={"layers": [layer(1)]})
    assert layers_of(row)[0].word == "Not started"


def test_a_layer_that_a_cancel_cut_off_did_not_fail():
    row = Transfer(kind=Kind.PULL, state=State.CANCELLED, progress={"layers": [layer(1, "failed")]})
    assert layers_of(row)[0].word == "Interrupted"


def test_a_row_without_progress_has_no_layers():
    assert layers_of(Transfer(kind=Kind.PULL, state=State.QUEUED, progress={})) == []


def test_layers_are_grouped_by_platform_with_the_config_last():
    documents = [
        layer(1, "done", kind="config"),
        layer(2, "exists"),
        layer(3, platform="linux/arm64"),
    ]
    groups = grouped(
        layers_of(Transfer(kind=Kind.PULL, state=State.RUNNING, progress={"layers": documents}))
    )

    assert [group.platform for group in groups] == ["linux/amd64", "linux/arm64"]
    assert [each.kind for each in groups[0].layers] == ["layer", "config"]
    assert (groups[0].there, groups[1].there, groups[0].size) == (2, 0, 2 * MIB)


@pytest.mark.parametrize("sizes", [[1], [0, 0], [10**10, 1, 1], [5] * 300, list(range(1, 40))])
def test_the_picture_has_room_for_every_layer_and_no_more(sizes):
    documents = [layer(index, "done", size=size) for index, size in enumerate(sizes)]
    segments = picture(
        layers_of(Transfer(kind=Kind.PULL, state=State.RUNNING, progress={"layers": documents}))
    )

    assert len(segments) == len(sizes)
    assert segments[-1].x + segments[-1].width == pytest.approx(PICTURE_WIDTH, abs=1)
    assert all(0 < segment.inner <= segment.width for segment in segments)


def test_a_segment_is_filled_as_far_as_its_layer_has_arrived():
    documents = [
        layer(1, "exists", size=100),
        layer(2, "moving", size=100, offset=50),
        layer(3, "waiting", size=100),
    ]
    whole, half, none = picture(
        layers_of(Transfer(kind=Kind.PULL, state=State.RUNNING, progress={"layers": documents}))
    )

    assert whole.filled == whole.inner
    assert half.filled == pytest.approx(half.inner / 2, abs=0.1)
    assert none.filled == 0


def test_nothing_makes_no_picture():
    assert picture([]) == []
