"""SQLite and PostgreSQL: engine settings, column types, tables, migrations, backups."""
