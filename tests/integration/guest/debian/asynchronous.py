# SPDX-License-Identifier: MIT
"""asyncio: an echo server and clients, timers, a thread from the loop."""
import asyncio
import time


async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def client(port, number):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answers = []
    for turn in range(5):
        writer.write(f"client {number} turn {turn}\n".encode())
        answers.append((await reader.readline()).decode().strip())
    writer.close()
    return answers


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for answers in await asyncio.gather(*(client(port, number) for number in range(6))):
        print(answers)
    server.close()
    start = time.monotonic()
    print(await asyncio.gather(*(asyncio.sleep(0.02 * n, n) for n in range(5))))
    print(time.monotonic() - start >= 0.08, await asyncio.to_thread(sum, range(1000)))
    try:
        await asyncio.wait_for(asyncio.sleep(100), 0.05)
    except asyncio.TimeoutError:
        print("time-out")


asyncio.run(main())
