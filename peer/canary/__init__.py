"""A canary: reports that go the whole way every few seconds, and are missed when a part breaks."""
