"""What every process shares to run: sockets' authenticator, rate limits, clock."""
