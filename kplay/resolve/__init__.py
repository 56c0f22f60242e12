"""Values: which definition wins, what a template gives, and what only a run can tell."""
