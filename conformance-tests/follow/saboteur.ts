import type { Client } from 'pg'

/** Appends as an ordinary table does: the id comes from a sequence, and nobody waits for anybody. */
export async function withoutLock(client: Client, schema: string): Promise<void> {
  await client.query(`
    drop trigger audit_log_span on ${schema}.audit_log;
    drop trigger audit_log_appended on ${schema}.audit_log;
    create sequence ${schema}.ids;
    drop table ${schema}.audit_head;
    create view ${schema}.audit_head as
      select true as one, last_value as last_id, repeat('0', 64) as last_hash from ${schema}.ids;
    create or replace function ${schema}.link_record() returns trigger language plpgsql as $$
      begin
        new.id := nextval('${schema}.ids');
        new.hash := repeat('0', 64);
        return new;
      end $$`)
}
