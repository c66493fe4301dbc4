"""Models: where they come from, what is here of them, and how they are brought here whole."""
