"""Reports on a book: each by accounting or service date, as known at any instant, and against an earlier range of days."""
