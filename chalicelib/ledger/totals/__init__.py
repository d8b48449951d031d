"""Totals kept beside the book: digests, what lies behind them, how both are read, and the sealing that writes them."""
