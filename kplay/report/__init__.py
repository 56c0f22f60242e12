"""Views of a run: each report is a listener of events, or a function of a plan's steps."""
