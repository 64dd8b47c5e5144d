"""Loads the rows with asyncpg's copy_records_to_table, in one transaction: asyncpg_copy.py URL FOLDER."""

import asyncio
import sys
import time

import asyncpg

import rows


async def main(url, folder):
    tables = list(rows.tables(folder))
    connection = await asyncpg.connect(**rows.place(url))
    begin = time.perf_counter()
    async with connection.transaction():
        for name, columns, records in tables:
            await connection.copy_records_to_table(name, records=records, columns=columns)
    print(time.perf_counter() - begin)
    await connection.close()


asyncio.run(main(*sys.argv[1:]))
