/* duckdb.js - the same tasks in SQL, by DuckDB on one thread.
 *
 *   node duckdb.js words|groups FILE
 *   node duckdb.js grep FILE CONDITION         of `line`
 *   node duckdb.js ads json|csv EVENTS TABLE
 *   node duckdb.js start                       nothing: what it takes to get there
 *
 * Types of columns are given, so nothing is sniffed.  Words are split at blanks, which this
 * data allows and which is faster than a regular expression. */
const { DuckDBInstance } = require('@duckdb/node-api');

const csv = (file, columns) => {
    const types = Object.entries(columns).map(([name, type]) => `'${name}': '${type}'`);
    return `read_csv('${file}', auto_detect = false, header = false, delim = ',', quote = '"',
                     columns = {${types.join(', ')}})`;
};
const texts = (...names) => Object.fromEntries(names.map((name) => [name, 'VARCHAR']));

const events = {
    csv: (file) => csv(file, { ...texts('user', 'page', 'ad', 'type', 'event_type'),
                               event_time: 'BIGINT', ...texts('address') }),
    json: (file) => `(SELECT ad_id AS ad, event_type, event_time::BIGINT AS event_time FROM
        read_json('${file}', format = 'newline_delimited', columns = {'ad_id': 'VARCHAR',
                  'event_type': 'VARCHAR', 'event_time': 'VARCHAR'}))`,
};

const lines = (file) => `read_csv('${file}', auto_detect = false, header = false, delim = '\\t',
                                  quote = '', escape = '', columns = {'line': 'VARCHAR'})`;

const tasks = {
    grep: (file, condition) => `SELECT count(*) FROM ${lines(file)} WHERE ${condition}`,
    words: (file) => `
        SELECT word, count(*)
        FROM (SELECT unnest(string_split(line, ' ')) AS word FROM ${lines(file)})
        WHERE word <> '' GROUP BY word ORDER BY word`,
    groups: (file) => `
        SELECT key, count(*), sum(value), max(value)
        FROM ${csv(file, { key: 'BIGINT', value: 'BIGINT' })} GROUP BY key ORDER BY key`,
    ads: (format, file, table) => `
        SELECT event_time // 10000 * 10000 AS start, campaign, count(*)
        FROM ${events[format](file)} JOIN ${csv(table, texts('ad', 'campaign'))} USING (ad)
        WHERE event_type = 'view' GROUP BY start, campaign ORDER BY start, campaign`,
};

async function main([task, ...given]) {
    const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
    const connection = await instance.connect();
    if (task === 'start') return;
    if (!tasks[task]) throw new Error(`no task ${task}`);
    await connection.run(
        `COPY (${tasks[task](...given)}) TO '/dev/stdout' (FORMAT csv, HEADER false)`);
}

main(process.argv.slice(2)).catch((error) => {
    console.error(`duckdb.js: ${error.message}`);
    process.exit(1);
});
