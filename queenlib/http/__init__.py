"""The queen over HTTP: a guard, a table of routes, and handlers that only hand over to the router."""
