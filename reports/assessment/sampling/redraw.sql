-- Draws a random sample again. Run it in the folder of the sample: duckdb < redraw.sql
set threads = 1; -- a row's line is its place in the file
with sheet as (
    select
        seed,
        plan.stratify as stratify,
        unnest(strata) as stratum
    from read_json('sample.json', columns = {
        seed: 'VARCHAR',
        plan: 'STRUCT("method" VARCHAR, size BIGINT, stratify VARCHAR)',
        strata: 'STRUCT("value" VARCHAR, "rows" BIGINT, size BIGINT)[]'
    })
),
member as (
    select
        row_number() over () as line,
        content
    from read_csv('population.jsonl', columns = {content: 'VARCHAR'}, header = false, delim = '\t', quote = '', escape = '', max_line_size = 33554432)
),
ticket as (
    select
        m.line,
        s.stratum.size as size,
        row_number() over (partition by s.stratum."value" order by sha256(from_hex(s.seed) || encode(m.line || ':' || m.content))) as rank
    from member as m
    join sheet as s on s.stratum."value" = case when s.stratify = '' then '' else cast(json_extract(m.content, '$."' || s.stratify || '"') as varchar) end
)
select line
from ticket
where rank <= size
order by line;
