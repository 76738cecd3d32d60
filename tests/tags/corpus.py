"""Tags of real images with their parts, and texts that are like tags."""

from pathlib import Path

from hypothesis import strategies as st

CORPUS = Path(__file__).with_name("corpus.txt")


def rows() -> list[tuple[str, str, str]]:
    lines = [line for line in CORPUS.read_text().splitlines() if line and not line.startswith("#")]
    return [
        (image, tag, expected)
        for image, tag, expected in (line.split(maxsplit=2) for line in lines)
    ]


ROWS = rows()
WORDS = [
    "latest",
    "1.27.3",
    "1",
    "v2",
    "alpine3.20",
    "slim",
    "rc",
    "rc.1",
    "20241016",
    "g1a2b3c4",
    "amd64",
    "jdk21",
    "-",
    "_",
    ".",
    "php8",
    "b06",
    "dev",
    "ea",
]
TAG_LIKE = st.one_of(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).flatmap(
        lambda words: st.sampled_from(["-", ".", "_", ""]).map(lambda mark: mark.join(words))
    ),
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", fullmatch=True),
    st.text(max_size=200),
)
