"""`python -m queenlib` is the command line."""

from queenlib.cli import app

if __name__ == "__main__":
    app()
