//! One schema, three times: SQLite, PostgreSQL and Diesel's tables say the same.

use std::collections::{BTreeMap, BTreeSet};

use diesel::{QueryableByName, RunQueryDsl, sql_types};

use super::support::TestDb;
use crate::store::conn::Conn;

/// A row of any of the queries below.
#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = sql_types::Text)]
    tbl: String,
    #[diesel(sql_type = sql_types::Text)]
    a: String,
    #[diesel(sql_type = sql_types::Text)]
    b: String,
    #[diesel(sql_type = sql_types::Text)]
    c: String,
}

#[derive(Debug, Default, PartialEq, Eq)]
struct Table {
    /// Name, portable type, whether null is refused; in order.
    columns: Vec<(String, String, bool)>,
    primary_key: Vec<String>,
    /// Unique constraints of the table itself, whose names the databases choose.
    unique: BTreeSet<String>,
    /// By name: columns, `unique` or nothing, predicate.
    indexes: BTreeMap<String, (String, String)>,
    /// Columns, target, what a deletion does.
    foreign_keys: BTreeSet<(String, String, String)>,
}

type Schema = BTreeMap<String, Table>;

fn load(conn: &mut Conn, sql: &str) -> Vec<Row> {
    let query = diesel::sql_query(sql);
    match conn {
        Conn::Sqlite(sqlite) => query.load(sqlite),
        Conn::Pg(pg) => query.load(pg),
    }
    .unwrap_or_else(|error| panic!("{sql}: {error}"))
}

fn portable(kind: &str) -> String {
    match kind.to_ascii_lowercase().as_str() {
        "text" => "text",
        "bigint" | "integer" => "bigint",
        "boolean" => "boolean",
        "blob" | "bytea" => "bytes",
        other => panic!("{other} is not a portable column type"),
    }
    .to_owned()
}

/// Without the decorations that either database adds.
fn predicate(text: &str) -> String {
    text.replace(['(', ')'], "").replace("::text", "").to_ascii_lowercase()
}

fn split(columns: &str) -> Vec<String> {
    columns.split(',').filter(|c| !c.is_empty()).map(str::to_owned).collect()
}

/// `columns`: a = name, b = type, c = `1` for not null. `keys`: a = what, b = columns or name, c = the rest.
fn schema(columns: Vec<Row>, keys: Vec<Row>) -> Schema {
    let mut schema = Schema::new();
    for row in columns {
        let table = schema.entry(row.tbl).or_default();
        table.columns.push((row.a, portable(&row.b), row.c == "1"));
    }
    for row in keys {
        let table = schema.get_mut(&row.tbl).expect("a table with columns");
        let mut parts = row.c.split('|').map(str::to_owned);
        let mut part = || parts.next().unwrap_or_default();
        match row.a.as_str() {
            "pk" => table.primary_key = split(&row.b),
            "unique" => assert!(table.unique.insert(row.b)),
            "index" => {
                let (columns, condition) = (part(), part());
                table.indexes.insert(row.b, (columns, predicate(&condition)));
            }
            "fk" => {
                let (target, action) = (part(), part());
                table.foreign_keys.insert((row.b, target, action));
            }
            other => panic!("{other}"),
        }
    }
    schema
}

fn of_sqlite() -> Schema {
    let db = TestDb::sqlite();
    let mut conn = db.connect();
    const TABLES: &str = "(SELECT name AS tbl FROM sqlite_master WHERE type = 'table' \
        AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND name NOT LIKE '\\_\\_diesel%' ESCAPE '\\') m";
    const OF_INDEX: &str =
        "(SELECT group_concat(name, ',') FROM (SELECT name FROM pragma_index_info(i.name) ORDER BY seqno))";
    let columns = load(
        &mut conn,
        &format!(
            "SELECT tbl, c.name AS a, c.type AS b, CAST(c.\"notnull\" AS TEXT) AS c \
             FROM {TABLES}, pragma_table_info(tbl) c ORDER BY tbl, c.cid"
        ),
    );
    let mut keys = load(
        &mut conn,
        &format!(
            "SELECT tbl, 'pk' AS a, (SELECT group_concat(name, ',') FROM \
             (SELECT name FROM pragma_table_info(m.tbl) WHERE pk > 0 ORDER BY pk)) AS b, '' AS c FROM {TABLES}"
        ),
    );
    keys.extend(load(
        &mut conn,
        &format!(
            "SELECT tbl, CASE origin WHEN 'c' THEN 'index' ELSE 'unique' END AS a, \
             CASE origin WHEN 'c' THEN i.name ELSE {OF_INDEX} END AS b, \
             CASE origin WHEN 'c' THEN {OF_INDEX} || CASE i.\"unique\" WHEN 1 THEN ' unique' ELSE '' END || '|' || \
             (SELECT CASE instr(sql, ' WHERE ') WHEN 0 THEN '' ELSE substr(sql, instr(sql, ' WHERE ') + 7) END \
              FROM sqlite_master WHERE name = i.name) ELSE '' END AS c \
             FROM {TABLES}, pragma_index_list(tbl) i WHERE origin <> 'pk'"
        ),
    ));
    keys.extend(load(
        &mut conn,
        &format!(
            "SELECT tbl, 'fk' AS a, f.\"from\" AS b, f.\"table\" || '.' || f.\"to\" || '|' || f.on_delete AS c \
             FROM {TABLES}, pragma_foreign_key_list(tbl) f"
        ),
    ));
    schema(columns, keys)
}

fn of_postgres() -> Schema {
    let db = TestDb::postgres();
    let mut conn = db.connect();
    let columns = load(
        &mut conn,
        "SELECT table_name::text AS tbl, column_name::text AS a, data_type::text AS b, \
         CASE is_nullable WHEN 'NO' THEN '1' ELSE '0' END AS c FROM information_schema.columns \
         WHERE table_schema = 'public' AND table_name NOT LIKE '\\_\\_diesel%' ORDER BY table_name, ordinal_position",
    );
    let of_index = "(SELECT string_agg(t.attname, ',' ORDER BY k.place) FROM unnest(x.indkey) \
         WITH ORDINALITY k (number, place) JOIN pg_attribute t ON t.attrelid = x.indrelid AND t.attnum = k.number)";
    let mut keys = load(
        &mut conn,
        &format!(
            "SELECT x.indrelid::regclass::text AS tbl, \
             CASE WHEN indisprimary THEN 'pk' WHEN o.oid IS NOT NULL THEN 'unique' ELSE 'index' END AS a, \
             CASE WHEN o.oid IS NOT NULL THEN {of_index} ELSE i.relname::text END AS b, \
             CASE WHEN o.oid IS NOT NULL THEN '' ELSE {of_index} || CASE WHEN indisunique THEN ' unique' ELSE '' END \
             || '|' || COALESCE(pg_get_expr(x.indpred, x.indrelid), '') END AS c \
             FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid LEFT JOIN pg_constraint o ON o.conindid = i.oid \
             AND o.contype IN ('p', 'u') WHERE i.relnamespace = 'public'::regnamespace \
             AND x.indrelid::regclass::text NOT LIKE '\\_\\_diesel%'"
        ),
    );
    keys.extend(load(
        &mut conn,
        "SELECT o.conrelid::regclass::text AS tbl, 'fk' AS a, a.attname::text AS b, \
         o.confrelid::regclass::text || '.' || f.attname || '|' || \
         CASE o.confdeltype WHEN 'c' THEN 'CASCADE' WHEN 'a' THEN 'NO ACTION' ELSE o.confdeltype::text END AS c \
         FROM pg_constraint o JOIN pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = o.conkey[1] \
         JOIN pg_attribute f ON f.attrelid = o.confrelid AND f.attnum = o.confkey[1] \
         WHERE o.contype = 'f' AND cardinality(o.conkey) = 1",
    ));
    schema(columns, keys)
}

#[test]
fn both_databases_hold_the_same_schema() {
    let (sqlite, postgres) = (of_sqlite(), of_postgres());
    assert_eq!(sqlite.keys().collect::<Vec<_>>(), postgres.keys().collect::<Vec<_>>());
    for (name, table) in &sqlite {
        assert_eq!(table, &postgres[name], "{name}");
    }
    // The introspection sees what it should: one of each kind.
    let codes = &sqlite["authorization_codes"];
    let expiry = &codes.indexes["authorization_codes_by_expiry"];
    assert_eq!((expiry.0.as_str(), expiry.1.as_str()), ("expires_at", "consumed_at is null"));
    assert!(codes.foreign_keys.contains(&("authorization_id".into(), "authorizations.id".into(), "CASCADE".into())));
    assert_eq!(sqlite["users"].unique, ["email_canonical".to_owned(), "username_canonical".to_owned()].into());
    assert_eq!(sqlite["group_members"].primary_key, ["group_id", "user_id"]);
    assert!(sqlite["credentials"].indexes["credentials_one_password"].0.ends_with("unique"));
}

#[test]
fn every_text_of_postgres_is_ordered_by_its_bytes() {
    let db = TestDb::postgres();
    let wrong = "information_schema.columns WHERE table_schema = 'public' AND data_type = 'text' \
                 AND table_name NOT LIKE '\\_\\_diesel%' AND collation_name IS DISTINCT FROM 'C'";
    assert_eq!(db.count(wrong), 0);
}

/// Reads `diesel::table!` as text: name, key, and each `column -> Type`.
fn of_diesel() -> Schema {
    let mut schema = Schema::new();
    for block in include_str!("../schema.rs").split("diesel::table! {").skip(1) {
        let (head, rest) = block.split_once('{').unwrap();
        let (name, key) = head.split_once('(').unwrap();
        let mut table = Table {
            primary_key: key.trim_end().trim_end_matches(')').split(',').map(|c| c.trim().to_owned()).collect(),
            ..Table::default()
        };
        for line in rest.split('}').next().unwrap().lines().filter(|line| line.contains("->")) {
            let (column, kind) = line.trim().trim_end_matches(',').split_once(" -> ").unwrap();
            let inner = kind.strip_prefix("Nullable<").map(|kind| kind.trim_end_matches('>'));
            let kind = match inner.unwrap_or(kind) {
                "Text" => "text",
                "BigInt" => "bigint",
                "Bool" => "boolean",
                "Binary" => "bytes",
                other => panic!("{other} is not a portable column type"),
            };
            table.columns.push((column.to_owned(), kind.to_owned(), inner.is_none()));
        }
        schema.insert(name.trim().to_owned(), table);
    }
    schema
}

#[test]
fn diesel_sees_the_tables_as_they_are() {
    let (diesel, sqlite) = (of_diesel(), of_sqlite());
    assert_eq!(diesel.keys().collect::<Vec<_>>(), sqlite.keys().collect::<Vec<_>>());
    for (name, table) in &diesel {
        assert_eq!(table.columns, sqlite[name].columns, "{name}");
        assert_eq!(table.primary_key, sqlite[name].primary_key, "{name}");
    }
}
