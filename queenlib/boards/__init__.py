"""What changes while somebody watches: boards that note it, and watches that tell it."""
