"""The prepaid fund a reseller holds with its parent: recharges, refunds, limits and movements."""
