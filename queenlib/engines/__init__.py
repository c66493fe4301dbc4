"""Engines: how each program that does inference is started and spoken to."""
