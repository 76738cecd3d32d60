"""A page whose clock the test has, to see that it asks for nothing any more."""

from playwright.sync_api import Page


def requests_in(page: Page, milliseconds: int) -> list[str]:
    """Let a time pass at once, and return the addresses that the page asked for.

    The page's clock must be installed before it is opened, in a context of its own (the marker
    `browser_context_args`): a clock belongs to a context, and cannot be taken out again.
    """
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(milliseconds)

    # Requests are told of in their order: after this one, every earlier one is known.
    with page.expect_request("**/?the-last"):
        page.evaluate("void fetch('/?the-last')")
    assert asked.pop().endswith("/?the-last")
    return asked
