"""Billing: what a day's use costs at every level, and how it is settled."""
