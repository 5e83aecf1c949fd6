"""The synthetic city of the demonstration: from a seed to layers, terrain and observations."""
