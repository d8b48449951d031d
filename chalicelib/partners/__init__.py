"""Partner modes: aggregate invoices, by which a reseller pays its parent for all its services at once."""
