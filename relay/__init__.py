"""The relay, which puts feeds into a stream of NATS, from where any number of places read them."""
