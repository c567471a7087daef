"""The lobby: people wait for a start, and see leaderboards and lists of prompts as they change."""
