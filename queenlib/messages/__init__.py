"""What travels: operations in, events and results out. Frozen, typed, the same near and far."""
