"""A loop over the OpenAI client."""

import pandas as pd
from openai import OpenAI

frame, client, answers = pd.read_csv("reviews.csv"), OpenAI(), []
for review in frame["review"]:
    messages = [{"role": "user", "content": f"Sum up: {review}"}]
    answer = client.chat.completions.create(model="local", messages=messages)
    answers.append(answer.choices[0].message.content)
frame["answer"] = answers
frame.to_csv("answers.csv")
