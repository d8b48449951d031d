"""The daily proof: every book, fund and settled day computed again from what lies underneath, and signed off."""
