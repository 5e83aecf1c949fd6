"""Every theme file, so that Django knows its models."""

from layers.admin_areas import CityArea, Ward
from layers.buildings import Building
from layers.cameras import Camera
from layers.lighting import Lamp, LightingCabinet
from layers.parcels import Parcel
from layers.planning import ConstructionPermit, DevelopmentProject, LandUseZone
from layers.roads import BusStop, Intersection, Road, Signal
from layers.sensors import Observation, Sensor
from layers.utilities import (
    BaseStation,
    Drain,
    Hydrant,
    Manhole,
    Outfall,
    PowerLine,
    Pump,
    TelecomLine,
    Transformer,
    WaterMain,
    WaterValve,
)
from layers.waste import WastePoint, WasteRoute
from layers.water import Levee, River, WaterBody

__all__ = [
    "BaseStation",
    "Building",
    "BusStop",
    "Camera",
    "CityArea",
    "ConstructionPermit",
    "DevelopmentProject",
    "Drain",
    "Hydrant",
    "Intersection",
    "Lamp",
    "LandUseZone",
    "Levee",
    "LightingCabinet",
    "Manhole",
    "Observation",
    "Outfall",
    "Parcel",
    "PowerLine",
    "Pump",
    "River",
    "Road",
    "Sensor",
    "Signal",
    "TelecomLine",
    "Transformer",
    "Ward",
    "WastePoint",
    "WasteRoute",
    "WaterBody",
    "WaterMain",
    "WaterValve",
]
