"""queenlib: run language models on your own machines, from a notebook."""
