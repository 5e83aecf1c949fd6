"""Floods: truths first, then agreement among devices, then words."""
