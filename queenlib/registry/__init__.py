"""The registry below: each job, its log and its result, written once and replayed for ever."""
