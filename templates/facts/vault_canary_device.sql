-- table: vault_canary_device
-- row: one audit device that was enabled while one of the collector's own requests was handled
-- kind: vault.canary/1
-- part: own requests
-- Source: docs/formats/vault-canary.md.
select
    evidence,
    line,
    getvariable('source') as source,
    request_id,
    device.path as device_path,
    device."type" as "type",
    device.file_path as file_path,
    device.log as log,
    device.partial as partial
from (
    select
        'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
        line,
        request_id,
        unnest(devices) as device
    from (
        select *, row_number() over () as line
        from read_json(
            getvariable('paths'),
            format = 'newline_delimited',
            filename = true,
            columns = {
                devices: 'struct(file_path varchar, log varchar, partial boolean, path varchar, "type" varchar)[]',
                request_id: 'varchar'
            }
        )
    )
)
