/** What SQLite itself does against changes of the log is taken away. */
export const WITHOUT_TRIGGERS = 'drop trigger audit_log_no_update; drop trigger audit_log_no_delete;'

export const CUT_TAIL = `${WITHOUT_TRIGGERS} delete from audit_log where id = (select max(id) from audit_log)`
