DROP INDEX events_by_trace;
CREATE INDEX events_by_trace ON events (trace_id);
