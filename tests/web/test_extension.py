from registry_ui.web.extension import Extension


def test_items_come_in_their_order_and_equal_ones_in_that_of_their_addition():
    point: Extension[str] = Extension()
    point.add("third", order=20)
    point.add("first", order=-1)
    point.add("second")
    point.add("fourth", order=20)

    assert list(point) == ["first", "second", "third", "fourth"]


def test_an_item_is_added_once():
    point: Extension[str] = Extension()
    point.add("only")
    point.add("only", order=5)

    assert list(point) == ["only"]
    assert "only" in point
    assert "other" not in point


def test_items_without_an_order_of_their_own_can_share_a_number():
    point: Extension[object] = Extension()
    items = [object(), object()]
    for item in items:
        point.add(item, order=1)

    assert list(point) == items


def test_an_item_may_be_added_while_the_point_is_read():
    point: Extension[int] = Extension()
    point.add(1)
    for item in point:
        point.add(item + 10)

    assert list(point) == [1, 11]
