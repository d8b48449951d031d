"""A tenant's billing of subscribers: terms, accounts, invoices, payments and what becomes of them."""
