//! The HTTP surface: routes, extractors, renderers and the pages a person sees.

pub mod pages;
