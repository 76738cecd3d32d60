from registry_ui.web.tables import Column, Table, opposite

TABLE = Table(
    (
        Column(name="name", label="Name", order="name"),
        Column(name="size", label="Size", order="-size", order_labels=("Largest", "Smallest")),
        Column(name="note", label="Note", can_hide=True),
    ),
    parts=(Column(name="aliases", label="Aliases", can_hide=True),),
    more_orders=(("-age", "Oldest first"),),
)


def test_the_opposite_of_the_opposite_is_the_order():
    assert (opposite("-size"), opposite("size")) == ("size", "-size")


def test_a_column_asks_for_its_order_first_and_then_for_the_opposite():
    assert TABLE.columns[1].orders == ("-size", "size")
    assert TABLE.columns[2].orders == ()


def test_narrow_screens_choose_from_the_named_orders():
    assert TABLE.orders == [("-size", "Largest"), ("size", "Smallest"), ("-age", "Oldest first")]


def test_parts_and_columns_can_be_hidden_where_they_say_so():
    assert [column.name for column in TABLE.hideable] == ["aliases", "note"]


def test_a_shown_table_finds_its_columns_by_name():
    shown = TABLE.shown(sort="size", hidden=["note"])

    assert shown.column("size") is TABLE.columns[1]
    assert shown.column("actions") is None
    assert shown.hidden == {"note"}
