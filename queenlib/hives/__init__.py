"""Hives: the machines, their workers, and the places in them."""
