"""The wire protocol: messages, codec, errors, limits, keys, addresses. Imports no other folder."""
