// Runs SQL files in the DuckDB of the npm package @duckdb/node-api, as an auditor's duckdb program would: in the order given, on one
// connection, with the current folder as the unpacked bundle. It prints the rows of each statement that gives some, by file, as JSON.
//
//     node reperform.mjs FOLDER_OF_NODE_MODULES FILE.sql...
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const [modules, ...files] = process.argv.slice(2);
const { DuckDBInstance, ResultReturnType } = createRequire(join(modules, 'package.json'))('@duckdb/node-api');

const connection = await (await DuckDBInstance.create(':memory:')).connect();
const out = {};
for (const file of files) {
  out[file] = [];
  const statements = await connection.extractStatements(readFileSync(file, 'utf8'));
  for (let i = 0; i < statements.count; i++) {
    const statement = await statements.prepare(i); // one by one: a statement rests on those before it
    const result = await statement.run();
    const rows = await result.getRowObjectsJson();
    if (result.returnType === ResultReturnType.QUERY_RESULT) {
      out[file].push(rows);
    }
  }
}
console.log(JSON.stringify(out));
