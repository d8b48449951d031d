"""Money, days and refusals: pure, standard library only."""
