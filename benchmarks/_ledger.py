"""Shared by the cases that need many documents: rows are multiplied in SQL, as making them one by one takes hours."""


def customers(cursor, count):
    """Create customers and return their ids, which follow each other."""
    cursor.execute("SELECT max(id) FROM res_partner")
    [last] = cursor.fetchone()
    cursor.execute(
        "INSERT INTO res_partner (id, commercial_partner_id, name, complete_name, active, type, autopost_bills, lang)"
        " SELECT %(last)s + n, %(last)s + n, 'Customer ' || n, 'Customer ' || n, true, 'contact', 'ask', 'en_US'"
        " FROM generate_series(1, %(count)s) n", {"last": last, "count": count}
    )
    return list(range(last + 1, last + 1 + count))


def multiply(cursor, table, changed, condition, values):
    """Copy rows ``values["count"]`` times; ``n`` is the number of the copy.

    :param changed: ``{column: SQL}`` of what differs; ``source`` is the row that is copied
    :param condition: SQL, which rows
    """
    cursor.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND is_generated = 'NEVER'", [table]
    )
    columns = [row[0] for row in cursor.fetchall()]
    chosen = ", ".join(changed.get(column, f'source."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {chosen} FROM {table} source,"
        f" generate_series(1, %(count)s) n WHERE {condition}",
        values,
    )
