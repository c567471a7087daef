"""What is said: messages, codec, errors, limits, addresses. Imports nothing of ours."""
