//! The few statements that the two databases share in meaning, but Diesel's common denominator
//! cannot express.

/// Inserts one row unless its key exists. Gives the number of rows inserted: 1 for the winner.
macro_rules! insert_unless_present {
    ($tx:expr, $table:expr, $values:expr) => {
        match $tx.conn() {
            $crate::store::conn::Conn::Sqlite(conn) => {
                ::diesel::insert_into($table).values($values).on_conflict_do_nothing().execute(conn)
            }
            $crate::store::conn::Conn::Pg(conn) => {
                ::diesel::insert_into($table).values($values).on_conflict_do_nothing().execute(conn)
            }
        }
    };
}

pub(super) use insert_unless_present;
