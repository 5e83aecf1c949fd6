"""VN-2000 / TM-3 zones EPSG:9205–9218, which PostGIS before 3.4 lacks in spatial_ref_sys.

With auth_name and auth_srid PostGIS takes the definition, datum shift included, from PROJ itself;
srtext and proj4text are written for the programs that read them.
"""

from django.db import migrations
from pyproj import CRS

ZONES = range(9205, 9219)
INSERT = """
    INSERT INTO spatial_ref_sys (srid, auth_name, auth_srid, srtext, proj4text)
    VALUES (%s, 'EPSG', %s, %s, %s) ON CONFLICT (srid) DO NOTHING
"""
# Circular 05/2007/TT-BTNMT; signs in the position-vector convention that +towgs84 means.
SHIFT = (
    "+towgs84=-191.90441429,-39.30318279,-111.45032835,"
    "0.00928836,-0.01975479,0.00427372,0.252906278"
)


def add_zones(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for srid in ZONES:
            crs = CRS.from_epsg(srid)
            meridian = crs.to_dict()["lon_0"]
            proj = (
                f"+proj=tmerc +lat_0=0 +lon_0={meridian:.10g} +k=0.9999 +x_0=500000 +y_0=0 "
                f"+ellps=WGS84 {SHIFT} +units=m +no_defs"
            )
            cursor.execute(INSERT, [srid, srid, crs.to_wkt("WKT1_GDAL"), proj])


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]
    operations = [migrations.RunPython(add_zones, migrations.RunPython.noop)]
