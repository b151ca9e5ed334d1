"""Decisions as plain functions: standard library and dateutil only, time and money given as arguments."""
