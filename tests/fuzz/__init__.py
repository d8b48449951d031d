"""Requests of every kind against the running product: schemathesis over its own OpenAPI document."""
