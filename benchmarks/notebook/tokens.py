"""What it costs the kernel to show a token, against the way that one would write down first: an update for each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.log.figures import Figure
from benchmarks.notebook.stage import Message, Stage, stage

GOAL = 1 / 10
PER_S = 200
NAIVE = """
shown, text = display(Markdown(""), display_id=True), ""
end = time.monotonic()
for number in range({tokens}):
    end += 1 / {per_s}
    await asyncio.sleep(max(0, end - time.monotonic()))
    text += f"word-{{number}} "
    shown.update(Markdown(text))
"""
OURS = """
from queenlib_widgets import InferStream
view = InferStream(ask({tokens}, {per_s}))
display(view)
await asyncio.wrap_future(view.following)
"""
SHOWN = "print(len(view.text.split()))"


def figures(folder: Path, *, tokens: int = 1200, rounds: int = 4) -> Iterator[Figure]:
    """Both sides in turns; ours has a page that listens, and its share of the stream from a queen in the background."""
    with stage(folder / "home") as made:
        ours, naive = costs(made, tokens, rounds)
    name = f"CPU of the kernel for a token shown, {PER_S} a second"
    yield Figure(name, 1e6 * median(ours), "µs", GOAL, 1e6 * median(naive), most=True)


def costs(made: Stage, tokens: int, rounds: int) -> tuple[list[float], list[float]]:
    """CPU seconds for a token in our view, and in the naive one, of so many answers each."""
    ours, naive = list[float](), list[float]()
    for _ in range(rounds):
        naive.append(_cpu_s(made, NAIVE.format(tokens=tokens, per_s=PER_S)) / tokens)
        ours.append(_cpu_s(made, OURS.format(tokens=tokens, per_s=PER_S)) / tokens)
        assert int(made.printed(SHOWN)) == tokens
    return ours, naive


def _cpu_s(made: Stage, code: str) -> float:
    said: list[str] = []

    def heard(message: Message, _at: float) -> None:
        if message["msg_type"] == "stream":
            said.append(message["content"]["text"])
        elif message["msg_type"] == "comm_open":  # the page opens the view, and says where its text is
            opened = {"comm_id": message["content"]["comm_id"], "data": {"method": "custom", "content": {"from": [0, 0]}}}
            client = made.kernel.client
            client.shell_channel.send(client.session.msg("comm_msg", opened))

    made.run(f"begun = time.process_time()\n{code}\nprint(time.process_time() - begun)", heard)
    return float("".join(said))
