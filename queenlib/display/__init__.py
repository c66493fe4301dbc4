"""How things are shown: static pictures of them, where they are shown, and which live views there are."""
