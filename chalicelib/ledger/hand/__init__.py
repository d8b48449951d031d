"""Entries that people make: vouchers, the one way they are posted, drafts for a second person, entries that come again."""
