"""Classes of streets, from main roads to alleys: names and widths, indexed by class."""

from __future__ import annotations

import numpy as np

PRIMARY, SECONDARY, TERTIARY, RESIDENTIAL, SERVICE = range(5)
CLASS_NAMES = np.array(["primary", "secondary", "tertiary", "residential", "service"], object)
CARRIAGEWAY_M = np.array([15.0, 10.5, 8.0, 5.5, 3.0])
HALF_CORRIDOR_M = np.array([11.0, 8.0, 6.0, 3.8, 1.8])  # from the centre line to the parcels
WATER = -1  # river, brook and city limit: they bound cells and carry no traffic
