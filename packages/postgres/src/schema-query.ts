import type { Statement } from '@shepherd-store/core/sql'

/** A thing that the schema defines, and how: in words that are the same on every version and in every schema. */
export interface Defined {
  /** Such as `trigger audit_log_span on audit_log`. */
  readonly name: string
  readonly definition: string
}

/**
 * What there is of the schema, for whoever may read the catalog, as everybody may. PostgreSQL writes definitions anew, with
 * the schema before each name; the bodies of functions are kept as they were given, and so told by their SHA-256.
 */
export function definedIn(schema: string): Statement<Defined> {
  return { sql: TEXT, parameters: [schema] }
}

const TEXT = `
with here as (
  select oid, quote_ident(nspname) || '.' as plain, '"' || nspname || '".' as quoted
  from pg_catalog.pg_namespace where nspname = $1),
relation as (
  select c.oid, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, here.plain
  from pg_catalog.pg_class c join here on c.relnamespace = here.oid),
-- Rows that a crash takes away, or that are hidden, are told too.
columns as (
  select attrelid, string_agg(
    attname || ' ' || format_type(atttypid, atttypmod)
      || case when attcollation = typcollation then '' else ' collate ' || collname end
      || case when attnotnull then ' not null' else '' end
      || case when attidentity = '' and attgenerated = '' then '' else ' generated' end
      || coalesce(' default ' || pg_get_expr(adbin, adrelid), ''), ', ' order by attname collate "C") as list
  from pg_catalog.pg_attribute
    join pg_catalog.pg_type on pg_type.oid = atttypid
    left join pg_catalog.pg_collation on pg_collation.oid = attcollation
    left join pg_catalog.pg_attrdef on adrelid = attrelid and adnum = attnum
  where attnum > 0 and not attisdropped group by attrelid)
select 'table ' || relname as name,
  list || case relpersistence when 'p' then '' else ' (unlogged)' end
    || case when relrowsecurity then ' (row security)' else '' end as definition
from relation join columns on attrelid = oid where relkind in ('r', 'p')
union all
select 'constraint ' || conname || ' on ' || relname,
  pg_get_constraintdef(pg_constraint.oid) || case when convalidated then '' else ' (not valid)' end
    || case when coalesce(indisvalid and indisready, true) then '' else ' (its index is not valid)' end
from relation join pg_catalog.pg_constraint on conrelid = relation.oid left join pg_catalog.pg_index on indexrelid = conindid
-- What is not null, its column tells.
where contype <> 'n'
union all
select case when indisunique then 'unique index ' else 'index ' end || relation.relname || ' on ' || of.relname,
  substring(pg_get_indexdef(relation.oid) from ' USING (.*)$')
    || case when indisvalid and indisready then '' else ' (not valid)' end
from relation join pg_catalog.pg_index on indexrelid = relation.oid join relation of on of.oid = indrelid
where not exists (select from pg_catalog.pg_constraint where conindid = relation.oid)
union all
select 'trigger ' || tgname || ' on ' || relname,
  replace(replace(substring(pg_get_triggerdef(pg_trigger.oid) from length('CREATE TRIGGER ' || quote_ident(tgname)) + 2),
    ' ON ' || plain, ' ON '), ' FUNCTION ' || plain, ' FUNCTION ')
    || case tgenabled when 'A' then '' when 'D' then ' (disabled)' else ' (not always)' end
from relation join pg_catalog.pg_trigger on tgrelid = relation.oid where not tgisinternal
union all
select 'rule ' || rulename || ' on ' || relname, pg_get_ruledef(pg_rewrite.oid)
from relation join pg_catalog.pg_rewrite on ev_class = relation.oid where relkind = 'r'
union all
-- What others have made that is read with a table, or keeps rows from being written or removed, wherever it is.
select 'heir ' || heir.relname || ' on ' || relation.relname, 'its rows are read with those of ' || relation.relname
from relation join pg_catalog.pg_inherits on inhparent = relation.oid join pg_catalog.pg_class heir on heir.oid = inhrelid
union all
select 'reference ' || conname || ' on ' || relname, conrelid::regclass::text
from relation join pg_catalog.pg_constraint on confrelid = relation.oid
where contype = 'f'
union all
select 'computed index ' || of.relname || ' on ' || relation.relname, substring(pg_get_indexdef(of.oid) from ' USING (.*)$')
from relation join pg_catalog.pg_index on indrelid = relation.oid join relation of on of.oid = indexrelid
where indexprs is not null
union all
select 'function ' || proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ')',
  encode(sha256(convert_to(replace(prosrc, quoted, ''), 'UTF8')), 'hex')
    || case when prosecdef then ' security definer' else '' end
    || coalesce(' set ' || array_to_string(proconfig, ' '), '')
from here join pg_catalog.pg_proc on pronamespace = here.oid`
