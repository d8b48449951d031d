"""Each tenant's own double-entry book: chart, journals, entries, statements and their verification."""
