"""A gather with a semaphore, by hand: over HTTP as it is, the quickest. The OpenAI client saves three of its lines."""

import asyncio
import os

import aiohttp
import pandas as pd


async def main():
    frame = pd.read_csv("reviews.csv")
    url, turns = f"{os.environ['OPENAI_BASE_URL']}/chat/completions", asyncio.Semaphore(8)
    key = {"authorization": f"Bearer {os.environ['OPENAI_API_KEY']}"}
    async with aiohttp.ClientSession(headers=key, raise_for_status=True) as session:

        async def ask(review):
            messages = [{"role": "user", "content": f"Sum up: {review}"}]
            async with turns, session.post(url, json={"model": "local", "messages": messages}) as answer:
                return (await answer.json())["choices"][0]["message"]["content"]

        frame["answer"] = await asyncio.gather(*map(ask, frame["review"]))
    frame.to_csv("answers.csv")


asyncio.run(main())
