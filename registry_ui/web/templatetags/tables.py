"""The tags of tables: a column's heading, cells and narrow layout are declared in one place.

    {% table page.rows as row class="members" caption=_("Members") %}
      {% column "role" label=_("Role") %}{{ row.role }}{% endcolumn %}
      {% column "actions" label=_("Actions") quiet=True if=may_edit %}…{% endcolumn %}
    {% endtable %}

Options of `table`:
    class, caption  of the <table>.
    columns         a `ShownTable`; columns with its names take their label, order and visibility.
    group           the name of an attribute; rows with equal values stand under a heading.
    with            the name of an attribute that the cells get as a variable of that name.
    id              the beginning of each row's id, which ends with its key.

Options of `column`:
    label           the heading; the label of each cell on narrow screens.
    class           of the cells.
    numeric         aligns the column to the right.
    header          makes its cells the headings of their rows.
    quiet           keeps the label for screen readers, and off the narrow layout.
    alone           keeps the label off the narrow layout only.
    if              leaves the column out where it is false.

`{% heading %}…{% endheading %}` in a column replaces the content of its heading.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django import template
from django.template.base import FilterExpression, Node, NodeList, Parser, TextNode, Token
from django.template.context import Context
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from .. import icons
from ..tables import Column, ShownTable

register = template.Library()

Options = dict[str, FilterExpression]


@register.tag
def table(parser: Parser, token: Token) -> "TableNode":
    """Parse a table with its columns."""
    words = token.split_contents()
    if len(words) < 4 or words[2] != "as":
        raise template.TemplateSyntaxError("Write {% table rows as row … %}.")

    nodes = parser.parse(("endtable",))
    parser.delete_first_token()
    columns = [node for node in nodes if isinstance(node, ColumnNode)]
    return TableNode(
        parser.compile_filter(words[1]), words[3], _options(parser, words[4:]), columns
    )


@register.tag
def column(parser: Parser, token: Token) -> "ColumnNode":
    """Parse a column of a table."""
    _tag, name, *options = token.split_contents()
    nodes = parser.parse(("endcolumn",))
    parser.delete_first_token()

    headings = [node for node in nodes if isinstance(node, HeadingNode)]
    cell = _stripped([node for node in nodes if not isinstance(node, HeadingNode)])
    heading = headings[0].nodes if headings else None
    return ColumnNode(name.strip("\"'"), _options(parser, options), cell, heading)


@register.tag
def heading(parser: Parser, token: Token) -> "HeadingNode":
    """Parse the content of a column's heading."""
    nodes = parser.parse(("endheading",))
    parser.delete_first_token()
    return HeadingNode(nodes)


def _stripped(nodes: list[Node]) -> NodeList:
    """Return the nodes without the whitespace at both ends, which every row would repeat."""
    while nodes and isinstance(nodes[0], TextNode):
        nodes[0].s = nodes[0].s.lstrip()
        if nodes[0].s:
            break
        nodes.pop(0)
    while nodes and isinstance(nodes[-1], TextNode):
        nodes[-1].s = nodes[-1].s.rstrip()
        if nodes[-1].s:
            break
        nodes.pop()
    return NodeList(nodes)


def _options(parser: Parser, words: Iterable[str]) -> Options:
    pairs = (word.partition("=") for word in words)
    return {name: parser.compile_filter(value) for name, _equals, value in pairs}


class HeadingNode(Node):
    """The content of a column's heading."""

    def __init__(self, nodes: NodeList) -> None:
        self.nodes = nodes


class ColumnNode(Node):
    """A column of a table; the table renders its heading and its cells."""

    def __init__(
        self, name: str, options: Options, cell: NodeList, heading: NodeList | None
    ) -> None:
        self.name = name
        self.options = options
        self.cell = cell
        self.heading = heading

    def option(self, context: Context, name: str, default: Any = "") -> Any:
        expression = self.options.get(name)
        return default if expression is None else expression.resolve(context)


@dataclass(frozen=True, slots=True)
class _RenderedColumn:
    """The parts of a column that are equal in all rows."""

    heading: SafeString
    start: str
    cell: NodeList
    end: str


class TableNode(Node):
    """A table, rendered from its columns."""

    def __init__(
        self,
        rows: FilterExpression,
        variable: str,
        options: Options,
        columns: list[ColumnNode],
    ) -> None:
        self._rows = rows
        self._variable = variable
        self._options = options
        self._columns = columns

    def render(self, context: Context) -> SafeString:
        shown: ShownTable | None = self._option(context, "columns", None)
        columns = [
            _render_column(column, shown, context)
            for column in self._columns
            if _is_shown(column, shown, context)
        ]

        style = " ".join(filter(None, ("table", self._option(context, "class"))))
        caption = self._option(context, "caption")
        parts: list[str] = [format_html('<div class="table-wrap"><table class="{}">', style)]
        if caption:
            parts.append(format_html('<caption class="visually-hidden">{}</caption>', caption))
        parts += ["<thead><tr>", *(column.heading for column in columns), "</tr></thead>"]
        parts += self._bodies(context, columns)
        parts.append("</table></div>")
        return mark_safe("".join(parts))  # noqa: S308  # every part is escaped

    def _bodies(self, context: Context, columns: list[_RenderedColumn]) -> Iterator[str]:
        rows = self._rows.resolve(context)
        group = self._option(context, "group")
        if not group:
            yield "<tbody>"
            yield from self._render_rows(context, columns, rows)
            yield "</tbody>"
            return

        for value, members in groupby(rows, key=lambda row: getattr(row, group)):
            yield format_html(
                '<tbody><tr class="group-row"><th scope="rowgroup" colspan="{}">{}</th></tr>',
                len(columns),
                value,
            )
            yield from self._render_rows(context, columns, members)
            yield "</tbody>"

    def _render_rows(
        self, context: Context, columns: list[_RenderedColumn], rows: Iterable[Any]
    ) -> Iterator[str]:
        id_start, attribute = self._option(context, "id"), self._option(context, "with")
        with context.push():
            for row in rows:
                context[self._variable] = row
                if attribute:
                    context[attribute] = getattr(row, attribute)
                yield format_html('<tr id="{}{}">', id_start, row.pk) if id_start else "<tr>"
                for column in columns:
                    yield column.start
                    yield column.cell.render(context)
                    yield column.end
                yield "</tr>"

    def _option(self, context: Context, name: str, default: Any = "") -> Any:
        expression = self._options.get(name)
        return default if expression is None else expression.resolve(context)


def _is_shown(column: ColumnNode, shown: ShownTable | None, context: Context) -> bool:
    if shown is not None and column.name in shown.hidden:
        return False
    return bool(column.option(context, "if", default=True))


def _render_column(node: ColumnNode, shown: ShownTable | None, context: Context) -> _RenderedColumn:
    declared = shown.column(node.name) if shown is not None else None
    label = node.option(context, "label") or (declared.label if declared else "")
    is_numeric = node.option(context, "numeric") or (declared is not None and declared.is_numeric)
    is_quiet, is_header = node.option(context, "quiet"), node.option(context, "header")

    classes = " ".join(filter(None, ("num" if is_numeric else "", node.option(context, "class"))))
    attribute = format_html(' class="{}"', classes) if classes else ""
    start = f'<th scope="row"{attribute}>' if is_header else f"<td{attribute}"
    if not is_header:
        start += format_html(' data-cell="{}"', node.name)
        # Without a label, the cell stands alone on narrow screens.
        is_alone = not label or is_quiet or node.option(context, "alone")
        start += "" if is_alone else format_html(' data-label="{}"', label)
        start += ">"

    if node.heading is not None:
        content: str = node.heading.render(context)
    elif is_quiet:
        content = format_html('<span class="visually-hidden">{}</span>', label)
    else:
        content = conditional_escape(str(label))
    # The style of a cell is not that of its heading, except for the alignment.
    style = ' class="num"' if is_numeric else attribute if node.heading is not None else ""
    if shown is not None and declared is not None and declared.order:
        heading = _sort_heading(declared, shown.sort, content, style, context)
    else:
        heading = mark_safe(f'<th scope="col"{style}>{content}</th>')  # noqa: S308  # escaped
    return _RenderedColumn(heading, start, node.cell, "</th>" if is_header else "</td>")


def _sort_heading(
    column: Column, sort: str, content: str, style: str, context: Context
) -> SafeString:
    """Return a heading that sorts: by the column's order first, then by the opposite one."""
    first, second = column.orders
    query = context["query"].copy()
    query["sort"] = second if sort == first else first
    url = f"{context['address']}?{query.urlencode()}"

    state, arrow = "", ""
    if sort in column.orders:
        is_descending = sort.startswith("-")
        state = f' aria-sort="{"descending" if is_descending else "ascending"}"'
        arrow = icons.icon("chevron-down" if is_descending else "chevron-up", 12)
    return format_html(
        '<th scope="col"{}{}>'
        '<a id="sort-{}" href="{}" hx-get="{}" hx-push-url="true">{}{}</a></th>',
        mark_safe(style),  # noqa: S308  # made of class names above
        mark_safe(state),  # noqa: S308  # one of two constants
        column.name,
        url,
        url,
        mark_safe(content),  # noqa: S308  # escaped by the caller
        arrow,
    )
