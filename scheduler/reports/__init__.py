"""Looking back: what charging cost, what it would have cost, and what a policy would have made of a past year."""
