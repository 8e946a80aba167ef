//! The extension grants together: what is true of every one of them.

mod matrix;
