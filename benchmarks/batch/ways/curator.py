"""Curator, which by itself keeps to 200 requests a minute."""

import os

import pandas as pd
from bespokelabs.curator import LLM

frame = pd.read_csv("reviews.csv")
limits = {"max_concurrent_requests": 8, "max_requests_per_minute": 1_000_000, "max_tokens_per_minute": 1_000_000_000}
llm = LLM("local", backend="openai", backend_params={"base_url": os.environ["OPENAI_BASE_URL"], **limits})
answers = llm([f"Sum up: {review}" for review in frame["review"]])
frame["answer"] = answers.dataset["response"]
frame.to_csv("answers.csv")
