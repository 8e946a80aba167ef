//! The few statements that the two databases share in meaning, but Diesel's common denominator
//! cannot express, and what makes a statement worth preparing.

use diesel::{
    QueryResult, RunQueryDsl,
    backend::Backend,
    internal::derives::multiconnection::AstPassHelper,
    query_builder::{AstPass, QueryBuilder, QueryFragment, QueryId},
};

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

/// A statement that is prepared once a connection. Diesel prepares every `UPDATE` and every raw
/// statement anew, because their text may differ each time: one more round trip to PostgreSQL, and
/// one more parse on both. Only for statements whose text is always the same.
pub(super) struct Prepared<T>(pub(super) T);

impl<T, DB> QueryFragment<DB> for Prepared<T>
where
    T: QueryFragment<DB>,
    DB: Backend,
    DB::QueryBuilder: Default,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if pass.bind_collector().is_some() || pass.debug_binds().is_some() {
            return self.0.walk_ast(pass);
        }
        // Handing on the text, and not the walk, leaves out "unsafe to cache".
        let mut text = DB::QueryBuilder::default();
        self.0.to_sql(&mut text, pass.backend())?;
        pass.push_sql(&text.finish());
        Ok(())
    }
}

impl<T> QueryId for Prepared<T> {
    // By its text.
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<T, C> RunQueryDsl<C> for Prepared<T> {}

/// Executes a statement of a hot path, whose text is always the same.
macro_rules! execute_prepared {
    ($tx:expr, $statement:expr) => {
        match $tx.conn() {
            $crate::store::conn::Conn::Sqlite(conn) => $crate::store::dialect::Prepared($statement).execute(conn),
            $crate::store::conn::Conn::Pg(conn) => $crate::store::dialect::Prepared($statement).execute(conn),
        }
    };
}

pub(super) use execute_prepared;
