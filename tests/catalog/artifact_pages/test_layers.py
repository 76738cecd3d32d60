from registry_ui.catalog.artifact_pages.layers import Sharer, Sharing, draw_layers
from registry_ui.oci.image_history import HistoryLine
from registry_ui.oci.manifest import Descriptor
from registry_ui.oci.reference import Reference

from .artifact_rows import described

SHARED = Sharing((Sharer(Reference.parse("alpine"), "/"),), 2)


def layers(*texts):
    return [Descriptor.from_document(described(text)) for text in texts]


def test_each_line_is_joined_to_its_layer_and_back():
    history = [
        HistoryLine("ADD", "rootfs /", 0),
        HistoryLine("ENV", "A=1", None),
        HistoryLine("RUN", "make", 1),
    ]

    diagram = draw_layers(layers("one", "two"), history, {})

    assert [(layer.number, layer.line, layer.command) for layer in diagram.layers] == [
        (1, 1, "ADD rootfs /"),
        (2, 3, "RUN make"),
    ]
    assert [line.layer.number if line.layer else None for line in diagram.lines] == [1, None, 2]


def test_a_layer_without_a_line_has_no_command():
    (layer,) = draw_layers(layers("one"), [], {}).layers

    assert (layer.line, layer.command) == (0, "")


def test_sharing_and_missing_layers():
    one, two = layers("one", "two")

    diagram = draw_layers([one, two], [], {str(one.digest): SHARED}, {str(two.digest)})

    assert [bool(layer.sharing) for layer in diagram.layers] == [True, False]
    assert [layer.is_missing for layer in diagram.layers] == [False, True]


def test_the_picture_is_to_scale_and_fits():
    first, *rest = draw_layers(layers("x" * 10_000, *("y" * 10 for _ in range(127))), [], {}).layers

    assert first.width > 100 * rest[0].width
    assert rest[-1].x + rest[-1].width <= 1000


def test_layers_beyond_the_limit_are_counted():
    history = [HistoryLine("RUN", "x", number) for number in range(1000)]

    diagram = draw_layers(layers(*(str(number) for number in range(1000))), history, {})

    assert (len(diagram.layers), diagram.omitted_count, diagram.count) == (300, 700, 1000)
    assert diagram.lines[999].layer is None
