"""The API, once, over one seam: a queen in this process or far away."""
