-- table: boundary_recording_file
-- row: one file of a session recording in one inventory of the storage, or one that its checksums or its meta files name and that is not there
-- kind: boundary.recording-files/1
-- Source: Boundary documentation, "BSR file data structure" and "Validate the integrity of session recordings", as of 2026-11. Each
-- folder has SHA256SUM, a line for each of its files, and SHA256SUM.sig, its signature, which is not verified. state: matches, differs
-- (from SHA256SUM), not-listed (there), missing (listed), no-folder (a meta file names it), unread (error says why), and checksums for
-- the two files themselves and a worker's journal. sha256 is of the bytes at the time of the inventory.
with inventory as (
    select
        'sha256:' || regexp_extract(filename, '[0-9a-f]{64}') as evidence,
        line,
        recording as recording_id,
        path,
        regexp_extract(path, '^(?:.*/)?') as directory,
        regexp_extract(path, '[^/]*$') as file,
        case when error is null then size_bytes end as size_bytes,
        try_cast(modified_at as timestamp_ns) as modified_at,
        sha256,
        "text",
        error
    from read_json(
        getvariable('paths'),
        format = 'newline_delimited',
        filename = true,
        maximum_object_size = 16777216,
        columns = {line: 'bigint', recording: 'varchar', path: 'varchar', size_bytes: 'bigint', modified_at: 'varchar', sha256: 'varchar', "text": 'varchar', error: 'varchar'}
    )
    where path is not null -- the first line of a recording has none, nor has the list of recordings
),
entry as (
    select evidence, line, recording_id, directory, file, unnest(string_split("text", chr(10))) as entry
    from inventory
    where "text" is not null
),
listed as (
    select
        evidence,
        min(line) as line,
        recording_id,
        directory,
        substr(entry, 67) as file,
        min(left(entry, 64)) as stated_sha256
    from entry
    where file = 'SHA256SUM'
      and regexp_matches(entry, '^[0-9a-f]{64} [ *].+$')
    group by evidence, recording_id, directory, substr(entry, 67)
),
folder as (
    select
        evidence,
        min(line) as line,
        recording_id,
        directory || regexp_extract(entry, '^(?:connection|channel): (.+)$', 1) || '/' as directory
    from entry
    where file <> 'SHA256SUM'
      and regexp_matches(entry, '^(connection|channel): .+$')
    group by all
)
select
    evidence,
    line,
    getvariable('source') as source,
    getvariable('at') as "at",
    recording_id,
    path,
    directory,
    file,
    size_bytes,
    modified_at,
    sha256,
    stated_sha256,
    case
        when error is not null then 'unread'
        when file in ('SHA256SUM', 'SHA256SUM.sig', '.journal') then 'checksums'
        when stated_sha256 is null then 'not-listed'
        when stated_sha256 = sha256 then 'matches'
        else 'differs'
    end as state,
    error
from (
    select i.*, l.stated_sha256
    from inventory as i
    left join listed as l
        on l.evidence = i.evidence and l.recording_id = i.recording_id and l.directory = i.directory and l.file = i.file
)
union all
select
    l.evidence,
    l.line,
    getvariable('source') as source,
    getvariable('at') as "at",
    l.recording_id,
    l.directory || l.file as path,
    l.directory,
    l.file,
    null as size_bytes,
    null as modified_at,
    null as sha256,
    l.stated_sha256,
    'missing' as state,
    null as error
from listed as l
left join inventory as i
    on i.evidence = l.evidence and i.recording_id = l.recording_id and i.directory = l.directory and i.file = l.file
where i.evidence is null
union all
select
    f.evidence,
    f.line,
    getvariable('source') as source,
    getvariable('at') as "at",
    f.recording_id,
    f.directory as path,
    f.directory,
    '' as file,
    null as size_bytes,
    null as modified_at,
    null as sha256,
    null as stated_sha256,
    'no-folder' as state,
    null as error
from folder as f
left join inventory as i
    on i.evidence = f.evidence and i.recording_id = f.recording_id and i.directory = f.directory
where i.evidence is null
