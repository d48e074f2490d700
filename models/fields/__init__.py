"""The classifier of activity fields: learn, judge, keep."""
