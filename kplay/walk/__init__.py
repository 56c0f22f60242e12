"""The one loop that plan and apply share: hosts walk the graph, steps are bound and sent."""
