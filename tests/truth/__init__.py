"""A lab: crowds that are honest, careless or hostile, over matches of which the truth is known."""
