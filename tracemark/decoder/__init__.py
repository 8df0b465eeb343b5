"""From votes to accusations: the pilot, hypotheses, the search, the guarantee. SPEC 6."""
