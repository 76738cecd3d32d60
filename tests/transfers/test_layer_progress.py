import pytest

from tests.transfers.rows import MIB, layer
from transfers.layer_progress import BAR_WIDTH, bar_segments, group_by_platform, read_layers
from transfers.models import Kind, State, Transfer


@pytest.mark.parametrize(
    ("state", "label"),
    [
        ("waiting", "Waiting"),
        ("exists", "Already exists"),
        ("transferring", "Pulling"),
        ("done", "Pull complete"),
        ("failed", "Failed"),
    ],
)
def test_a_pull_speaks_as_docker_pull(state, label):
    row = Transfer(kind=Kind.PULL, state=State.RUNNING, progress={"layers": [layer(1, state)]})
    assert read_layers(row)[0].label == label


@pytest.mark.parametrize("kind", [Kind.PUSH, Kind.PUBLISH])
@pytest.mark.parametrize(
    ("state", "label"),
    [
        ("waiting", "Waiting"),
        ("exists", "Layer already exists"),
        ("mounted", "Mounted from team/base"),
        ("transferring", "Pushing"),
        ("done", "Pushed"),
    ],
)
def test_a_push_speaks_as_docker_push(kind, state, label):
    row = Transfer(
        kind=kind, state=State.RUNNING, progress={"layers": [layer(1, state, origin="team/base")]}
    )
    assert read_layers(row)[0].label == label


@pytest.mark.parametrize(
    ("state", "label"),
    [
        ("exists", "Layer already exists"),
        ("mounted", "Mounted from team/base"),
        ("transferring", "Copying"),
        ("done", "Copied"),
    ],
)
def test_a_copy_speaks_as_a_push_and_says_that_it_copies(state, label):
    row = Transfer(
        kind=Kind.COPY,
        state=State.RUNNING,
        progress={"layers": [layer(1, state, origin="team/base")]},
    )
    assert read_layers(row)[0].label == label


def test_layers_that_had_not_begun_do_not_wait_after_the_end():
    row = Transfer(kind=Kind.PULL, state=State.FAILED, progress={"layers": [layer(1)]})
    assert read_layers(row)[0].label == "Not started"


def test_a_layer_that_a_cancel_cut_off_did_not_fail():
    row = Transfer(kind=Kind.PULL, state=State.CANCELLED, progress={"layers": [layer(1, "failed")]})
    assert read_layers(row)[0].label == "Interrupted"


def test_a_row_without_progress_has_no_layers():
    assert read_layers(Transfer(kind=Kind.PULL, state=State.QUEUED, progress={})) == []


def test_layers_are_grouped_by_platform_with_the_config_last():
    documents = [
        layer(1, "done", kind="config"),
        layer(2, "exists"),
        layer(3, platform="linux/arm64"),
    ]
    groups = group_by_platform(
        read_layers(Transfer(kind=Kind.PULL, state=State.RUNNING, progress={"layers": documents}))
    )

    assert [group.platform for group in groups] == ["linux/amd64", "linux/arm64"]
    assert [layer.kind for layer in groups[0].layers] == ["layer", "config"]
    assert (groups[0].complete_count, groups[1].complete_count, groups[0].size) == (2, 0, 2 * MIB)


@pytest.mark.parametrize("sizes", [[1], [0, 0], [10**10, 1, 1], [5] * 300, list(range(1, 40))])
def test_the_bar_has_room_for_every_layer_and_no_more(sizes):
    documents = [layer(index, "done", size=size) for index, size in enumerate(sizes)]
    segments = bar_segments(
        read_layers(Transfer(kind=Kind.PULL, state=State.RUNNING, progress={"layers": documents}))
    )

    assert len(segments) == len(sizes)
    assert segments[-1].x + segments[-1].width == pytest.approx(BAR_WIDTH, abs=1)
    assert all(0 < segment.visible_width <= segment.width for segment in segments)


def test_a_segment_is_filled_as_far_as_its_layer_has_arrived():
    documents = [
        layer(1, "exists", size=100),
        layer(2, "transferring", size=100, offset=50),
        layer(3, "waiting", size=100),
    ]
    complete, partial, empty = bar_segments(
        read_layers(Transfer(kind=Kind.PULL, state=State.RUNNING, progress={"layers": documents}))
    )

    assert complete.filled_width == complete.visible_width
    assert partial.filled_width == pytest.approx(partial.visible_width / 2, abs=0.1)
    assert empty.filled_width == 0


def test_no_layers_make_no_bar():
    assert bar_segments([]) == []
