"""The lobby: people wait for a start, leaderboards and lists of prompts are kept fresh."""
