"""A proxy that adds latency: `python -m bench.latency LISTEN TARGET MILLISECONDS`.

Each direction adds half of the time. Data on the same connection is delayed and not slowed
down, as on a real network.
"""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.parts.processes import Process, free_port

_BLOCK = 256 * 1024


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    loop = asyncio.get_running_loop()
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(_BLOCK):
            loop.call_later(seconds, _write, writer, piece)
    loop.call_later(seconds, writer.close)


def _write(writer: asyncio.StreamWriter, piece: bytes) -> None:
    if not writer.is_closing():
        writer.write(piece)


async def _serve(listen: int, target: int, seconds: float) -> None:
    async def connected(
        near_reader: asyncio.StreamReader, near_writer: asyncio.StreamWriter
    ) -> None:
        await asyncio.sleep(2 * seconds)  # the handshake
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(
            _pass_on(near_reader, far_writer, seconds), _pass_on(far_reader, near_writer, seconds)
        )

    server = await asyncio.start_server(connected, "127.0.0.1", listen, backlog=256)
    print("ready", flush=True)
    async with server:
        await server.serve_forever()


@contextlib.contextmanager
def delayed(port: int, milliseconds: float, log: Path) -> Iterator[str]:
    """Yield the host to use instead of 127.0.0.1:`port`."""
    listen = free_port()
    command = [sys.executable, "-m", "bench.latency", str(listen), str(port), str(milliseconds)]
    process = Process(command, log=log, directory=Path(__file__).resolve().parent.parent)
    try:
        process.wait_for(lambda: "ready" in process.output, seconds=20)
        yield f"127.0.0.1:{listen}"
    finally:
        process.kill()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]) / 2000))
