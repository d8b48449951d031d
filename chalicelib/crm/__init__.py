"""Customers: plans, subscribers with their services, what happened to a service, and importing many at once."""
