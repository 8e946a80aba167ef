//! The few statements that the two databases share in meaning, but Diesel's common denominator
//! cannot express, and what makes a statement worth preparing.

use std::{cell::Cell, marker::PhantomData};

use diesel::{
    QueryResult, RunQueryDsl,
    backend::Backend,
    internal::derives::multiconnection::AstPassHelper,
    query_builder::{AstPass, Query, QueryBuilder, QueryFragment, QueryId},
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
/// one more parse on both. Only for statements whose text is always the same: `Place`, a type of its
/// own for each place in the source, stands for the text, so that it is written out only once.
pub(super) struct Prepared<T, Place> {
    statement: T,
    place: PhantomData<Place>,
}

impl<T, Place> Prepared<T, Place> {
    pub(super) const fn new(statement: T) -> Self {
        Self { statement, place: PhantomData }
    }
}

impl<T, Place, DB> QueryFragment<DB> for Prepared<T, Place>
where
    T: QueryFragment<DB>,
    DB: Backend,
    DB::QueryBuilder: Default,
{
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        if pass.bind_collector().is_some() || pass.debug_binds().is_some() {
            return self.statement.walk_ast(pass);
        }
        // Handing on the text, and not the walk, leaves out "unsafe to cache". It is asked for only
        // when there is a text to write it into.
        let writes = Cell::new(false);
        let mut pass = pass.cast_database::<DB>(
            |binds| binds,
            |text| {
                writes.set(true);
                text
            },
            |backend| backend,
            |lookup| lookup,
        );
        let mut text = DB::QueryBuilder::default();
        if writes.get() {
            self.statement.to_sql(&mut text, pass.backend())?;
        }
        pass.push_sql(&text.finish());
        Ok(())
    }
}

impl<T, Place: 'static> QueryId for Prepared<T, Place> {
    type QueryId = Prepared<(), Place>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<T: Query, Place> Query for Prepared<T, Place> {
    type SqlType = T::SqlType;
}

impl<T, Place, C> RunQueryDsl<C> for Prepared<T, Place> {}

/// A [`Prepared`] statement of this place. Never in a generic function: all its instances would be one place.
macro_rules! prepared {
    ($statement:expr $(,)?) => {{
        struct Place;
        $crate::store::dialect::Prepared::<_, Place>::new($statement)
    }};
}

pub(super) use prepared;

/// Executes a statement of a hot path, whose text is always the same.
macro_rules! execute_prepared {
    ($tx:expr, $statement:expr) => {
        match $tx.conn() {
            $crate::store::conn::Conn::Sqlite(conn) => $crate::store::dialect::prepared!($statement).execute(conn),
            $crate::store::conn::Conn::Pg(conn) => $crate::store::dialect::prepared!($statement).execute(conn),
        }
    };
}

pub(super) use execute_prepared;

/// The one row of a hot path's query, or of its `UPDATE … RETURNING`, if there is one. On the database's
/// own connection: in front of both, Diesel writes the text of a query out anew for each of its passes.
macro_rules! find_prepared {
    ($tx:expr, $query:expr => $row:ty) => {
        match &mut *$tx.conn {
            $crate::store::conn::Conn::Sqlite(conn) => {
                $crate::store::dialect::prepared!($query).get_result::<$row>(conn).optional()
            }
            $crate::store::conn::Conn::Pg(conn) => {
                $crate::store::dialect::prepared!($query).get_result::<$row>(conn).optional()
            }
        }
    };
}

pub(super) use find_prepared;
