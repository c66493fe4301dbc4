"""What runs inside a worker: programs of the standard library and, for the real one, the engine. They never see a queen."""
