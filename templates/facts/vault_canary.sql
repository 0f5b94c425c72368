-- table: vault_canary
-- row: one request of the collector's own, which the audit log must have
-- kind: vault.canary/1
-- part: own requests
-- Source: docs/formats/vault-canary.md. The devices are null there where nobody can say which were enabled.
select
    'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
    row_number() over () as line,
    getvariable('source') as source,
    request_id,
    try_cast("time" as timestamp_ns) as "time",
    address,
    namespace,
    path,
    devices is not null as devices_known,
    coalesce(list_transform(devices, lambda device: device.path), []) as devices
from read_json(
    getvariable('paths'),
    format = 'newline_delimited',
    filename = true,
    columns = {
        address: 'varchar',
        devices: 'struct(path varchar)[]',
        namespace: 'varchar',
        path: 'varchar',
        request_id: 'varchar',
        "time": 'varchar'
    }
)
