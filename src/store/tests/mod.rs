//! The store suite: the same tests on both databases.
