"""The views of queenlib: each follows the events of a job and owns nothing."""
