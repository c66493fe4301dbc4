"""queenlib."""

import pandas as pd

import queenlib.frames

frame = pd.read_csv("reviews.csv")
answers = frame.queen.infer("Sum up: {review}", concurrency=8).wait()
frame.join(answers).to_csv("answers.csv")
