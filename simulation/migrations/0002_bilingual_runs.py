from django.db import migrations, models


def both_languages(column: str) -> migrations.RunSQL:
    """The column's text becomes {"en", "vi"}; what was written in English stays so in both."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE simulation_run ALTER COLUMN {column} TYPE jsonb USING CASE
            WHEN {column} IS NOT NULL THEN jsonb_build_object('en', {column}, 'vi', {column}) END
        """,
        f"ALTER TABLE simulation_run ALTER COLUMN {column} TYPE text USING {column}->>'en'",
        state_operations=[migrations.AlterField("run", column, FIELDS[column])],
    )


FIELDS = {
    "message": models.JSONField(default=dict, help_text='what it does: {"en", "vi"}'),
    "error": models.JSONField(null=True, help_text='why it failed: {"en", "vi"}'),
}


class Migration(migrations.Migration):
    dependencies = [("simulation", "0001_runs")]

    operations = [both_languages(column) for column in FIELDS]
