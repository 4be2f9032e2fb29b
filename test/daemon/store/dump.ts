import { writeFileSync } from 'node:fs';
import sqlite3 from 'sqlite3';
import { raw } from './support.js';

interface SchemaEntry {
  type: string;
  name: string;
  sql: string;
}

/** What defines the schema, without the layout of its SQL. */
export async function schemaOf(directory: string): Promise<string[]> {
  const entries = await schemaEntries(directory);
  return entries.map(({ sql }) => sql.replace(/\s+/g, ' ')).sort();
}

/** A database as SQL text: its schema, its rows, and its numbers. */
export async function dump(directory: string): Promise<string> {
  const lines: string[] = [];
  const entries = await schemaEntries(directory);
  for (const { sql } of entries) lines.push(`${sql};`);
  for (const { name } of entries.filter(({ type }) => type === 'table')) {
    const columns = await raw<{ name: string }>(directory, `PRAGMA table_info(${name})`);
    const values = columns.map((column) => `quote(${column.name})`).join(" || ', ' || ");
    const rows = await raw<{ row: string }>(directory, `SELECT ${values} AS row FROM ${name}`);
    for (const { row } of rows) lines.push(`INSERT INTO ${name} VALUES (${row});`);
  }
  for (const number of ['application_id', 'user_version']) {
    const [row] = await raw<Record<string, number>>(directory, `PRAGMA ${number}`);
    lines.push(`PRAGMA ${number} = ${row![number]};`);
  }
  return `${lines.join('\n')}\n`;
}

/** Makes a database of such a text. */
export async function restore(directory: string, sql: string): Promise<void> {
  writeFileSync(`${directory}/netmeter.db`, '');
  const database = new sqlite3.Database(`${directory}/netmeter.db`);
  await new Promise<void>((resolve, reject) => {
    database.exec(`BEGIN; ${sql} COMMIT; PRAGMA journal_mode = WAL`, (error) => {
      error === null ? resolve() : reject(error);
    });
  });
  await new Promise<void>((resolve) => {
    database.close(() => resolve());
  });
}

function schemaEntries(directory: string): Promise<SchemaEntry[]> {
  return raw<SchemaEntry>(
    directory,
    `SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, rowid`,
  );
}
