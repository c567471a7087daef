"""Made-up matches and crowds, from a seed: the same chance gives the same match."""
